//! Products of a weight matrix and activations.

mod linear_launch;
mod linear_reference;
mod variants;

pub use linear_launch::Linear;
pub use variants::{CooperativeTile, IntegerShape, LaneTokens, LinearKernel, LinearVariant, MatvecShape, Tile};
