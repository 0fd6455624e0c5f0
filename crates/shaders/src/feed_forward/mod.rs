//! Activations of feed-forward networks, where no kernel of another family applies them on its way.

mod gate_launch;
mod gate_reference;
mod variants;

pub use gate_launch::Gate;
pub use variants::GateVariant;
