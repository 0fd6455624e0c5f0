//! Parameters of `norm`.

use bytemuck::{Pod, Zeroable};

use super::{NormVariant, norm_reference};
use crate::kernel::Kernel;
use crate::launch::{Extent, FamilyLaunch};
use crate::resources::Resources;

/// RMS norm, `y = x / sqrt(mean(x^2) + epsilon) * weight`, or layer norm, `y = (x - mean) / sqrt(variance + epsilon) * weight + bias`;
/// or that encoded: see [`crate::Quantise`].
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C)]
pub struct Norm {
    /// Values of a row that count.
    pub width: u32,
    /// Groups of 32 that they take; what pads the last is zero.
    pub groups: u32,
    /// The stride of `x` and `y`, in vec4.
    pub stride: u32,
    /// Keeps the root from zero.
    pub epsilon: f32,
    /// 1 for layer norm, 0 for RMS norm.
    pub centred: u32,
    /// 1 where `scale` times the norm is added to `y`.
    pub accumulate: u32,
    /// 1 where the sum of `x` and `y` is normalised, in rows that nothing gathers.
    pub of_sum: u32,
    /// The factor of the norm where it is added to `y`.
    pub scale: f32,
}

impl FamilyLaunch for Norm {
    type Variant = NormVariant;

    const KERNELS: &'static [Kernel] = &[Kernel::Norm];

    fn grid(&self, _: &Self::Variant, extent: Extent) -> [u32; 3] {
        [1, extent.count, 1]
    }

    fn reference(&self, variant: &Self::Variant, count: usize, resources: &mut Resources) {
        if let NormVariant::Norm { gather, encoding, .. } = *variant {
            norm_reference::norm(self, gather, encoding, count, resources);
        }
    }
}
