//! State that a sequence keeps from step to step: keys and values in blocks, and the states of convolutions.

mod copy_blocks_launch;
mod copy_blocks_reference;
mod rope_append_launch;
mod rope_append_reference;
mod short_convolution_launch;
mod short_convolution_reference;
mod variants;

pub use copy_blocks_launch::CopyBlocks;
pub use rope_append_launch::RopeAppend;
pub(crate) use rope_append_reference::rope_append;
pub use short_convolution_launch::ShortConvolution;
pub use variants::StateVariant;
