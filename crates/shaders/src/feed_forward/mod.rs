//! Activations of feed-forward networks, where no kernel of another family applies them on its way.

mod gate_launch;
mod gate_reference;

pub use gate_launch::Gate;
