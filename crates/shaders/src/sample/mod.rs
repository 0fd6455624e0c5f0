//! The choice of the next token.

mod argmax_reference;
mod sample_launch;
mod truncate_reference;
mod truncate_stages_reference;
mod variants;

pub use sample_launch::Sample;
pub use variants::SampleVariant;
