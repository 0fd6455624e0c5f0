//! Products of a weight matrix and activations.

mod linear_launch;
mod linear_reference;

pub use linear_launch::Linear;
