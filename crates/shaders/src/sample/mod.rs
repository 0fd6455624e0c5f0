//! The choice of the next token.

mod adjust_reference;
mod argmax_reference;
mod bounds;
mod logprobs_reference;
mod refuse_reference;
mod sample_launch;
mod truncate_few_reference;
mod truncate_reference;
mod truncate_stages_reference;
mod variants;
mod xtc_reference;

pub use bounds::Bounds;
pub use logprobs_reference::{Alternative, Logprobs};
pub use sample_launch::Sample;
pub use variants::{SamplePhase, SampleStage, SampleVariant};
