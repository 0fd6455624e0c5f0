//! RMS norms and layer norms.

mod norm_heads_launch;
mod norm_heads_reference;
mod norm_launch;
mod norm_reference;
mod variants;

pub use norm_heads_launch::NormHeads;
pub use norm_launch::Norm;
pub(crate) use norm_reference::normalised;
pub use variants::NormVariant;
