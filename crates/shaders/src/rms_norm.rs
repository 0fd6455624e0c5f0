//! Parameters of `rms_norm`.

use bytemuck::{Pod, Zeroable};

use crate::cpu::{self, Resources};
use crate::kernel::Kernel;
use crate::launch::{Extent, Launch};
use crate::variant::Variant;

/// `y = x / sqrt(mean(x^2) + epsilon) * weight`, or that in codes of 8 bits: see [`crate::Quantise`].
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C)]
pub struct RmsNorm {
    /// Values of a row that count.
    pub width: u32,
    /// Groups of 32 that they take; what pads the last is zero.
    pub groups: u32,
    /// Of `x` and `y`, in vec4.
    pub stride: u32,
    /// Keeps the root from zero.
    pub epsilon: f32,
}

impl Launch for RmsNorm {
    fn params(&self) -> &[u8] {
        bytemuck::bytes_of(self)
    }

    fn grid(&self, _: &Variant, extent: Extent) -> [u32; 3] {
        [1, extent.count, 1]
    }

    fn reference(&self, variant: &Variant, count: usize, resources: &mut Resources) {
        cpu::rms_norm(self, variant, count, resources);
    }

    fn kernels(&self) -> &'static [Kernel] {
        &[Kernel::RmsNorm]
    }
}
