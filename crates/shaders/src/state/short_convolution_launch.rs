//! Parameters of `short_convolution`.

use bytemuck::{Pod, Zeroable};

use super::{StateVariant, short_convolution_reference};
use crate::kernel::Kernel;
use crate::launch::{Extent, FamilyLaunch};
use crate::resources::Resources;

/// A gated causal convolution over a few tokens, channel by channel.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C)]
pub struct ShortConvolution {
    /// Channels.
    pub width: u32,
    /// Tokens that a token sees, itself included.
    pub taps: u32,
    /// The stride of `x`, whose rows hold b, c and x, in f32.
    pub x_stride: u32,
    /// The stride of `y`, in f32.
    pub y_stride: u32,
    /// Groups of 32 in a row of `y`, which lies in planes.
    pub y_groups: u32,
}

impl FamilyLaunch for ShortConvolution {
    type Variant = StateVariant;

    const KERNELS: &'static [Kernel] = &[Kernel::ShortConvolution];

    fn grid(&self, _: &Self::Variant, extent: Extent) -> [u32; 3] {
        [self.width.div_ceil(64), extent.count, 1]
    }

    fn reference(&self, _: &Self::Variant, count: usize, resources: &mut Resources) {
        short_convolution_reference::short_convolution(self, count, resources);
    }
}
