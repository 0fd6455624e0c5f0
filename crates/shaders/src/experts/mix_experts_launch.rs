//! Parameters of `mix_experts`.

use bytemuck::{Pod, Zeroable};

use super::{ExpertsVariant, mix_experts_reference};
use crate::kernel::Kernel;
use crate::launch::{Extent, FamilyLaunch};
use crate::resources::Resources;

/// Adds what a row's experts make of it to `y`, by their weights.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C)]
pub struct MixExperts {
    /// Quads of a row.
    pub quads: u32,
    /// Experts of a row.
    pub used: u32,
    /// The stride of `x` and `y`, in vec4.
    pub stride: u32,
    /// The factor of the sum.
    pub scale: f32,
    /// 1 where the sum is added to `y`, 0 where it replaces it.
    pub accumulate: u32,
}

impl FamilyLaunch for MixExperts {
    type Variant = ExpertsVariant;

    const KERNELS: &'static [Kernel] = &[Kernel::MixExperts];

    fn grid(&self, _: &Self::Variant, extent: Extent) -> [u32; 3] {
        [self.quads.div_ceil(64), extent.count, 1]
    }

    fn reference(&self, _: &Self::Variant, count: usize, resources: &mut Resources) {
        mix_experts_reference::mix_experts(self, count, resources);
    }
}
