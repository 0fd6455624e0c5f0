//! Parameters of `norm`.

use bytemuck::{Pod, Zeroable};

use super::norm_reference;
use crate::kernel::Kernel;
use crate::launch::{Extent, Launch};
use crate::resources::Resources;
use crate::variant::Variant;

/// RMS norm, `y = x / sqrt(mean(x^2) + epsilon) * weight`, or layer norm, `y = (x - mean) / sqrt(variance + epsilon) * weight + bias`;
/// or that encoded: see [`crate::Quantise`].
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C)]
pub struct Norm {
    /// Values of a row that count.
    pub width: u32,
    /// Groups of 32 that they take; what pads the last is zero.
    pub groups: u32,
    /// Of `x` and `y`, in vec4.
    pub stride: u32,
    /// Keeps the root from zero.
    pub epsilon: f32,
    /// 1: layer norm.
    pub centred: u32,
    /// 1: `scale` times what is made is added to `y`.
    pub accumulate: u32,
    /// 1: what is normalised is the sum of `x` and `y`, in rows that nothing gathers.
    pub of_sum: u32,
    /// See above.
    pub scale: f32,
}

impl Launch for Norm {
    fn params(&self) -> &[u8] {
        bytemuck::bytes_of(self)
    }

    fn grid(&self, _: &Variant, extent: Extent) -> [u32; 3] {
        [1, extent.count, 1]
    }

    fn reference(&self, variant: &Variant, count: usize, resources: &mut Resources) {
        norm_reference::norm(self, variant, count, resources);
    }

    fn kernels(&self) -> &'static [Kernel] {
        &[Kernel::Norm]
    }
}
