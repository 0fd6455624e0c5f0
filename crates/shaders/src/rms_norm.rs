//! Parameters of `rms_norm`.

use bytemuck::{Pod, Zeroable};

use crate::cpu::{self, Resources};
use crate::launch::Launch;
use crate::variant::{Kernel, Variant};

/// `y = x / sqrt(mean(x^2) + epsilon) * weight`.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C)]
pub struct RmsNorm {
    /// Values in a row.
    pub width: u32,
    /// Of `x` and `y`, in f32.
    pub stride: u32,
    /// Keeps the root from zero.
    pub epsilon: f32,
}

impl Launch for RmsNorm {
    fn params(&self) -> &[u8] {
        bytemuck::bytes_of(self)
    }

    fn grid(&self, _: &Variant, count: u32) -> [u32; 3] {
        [1, count, 1]
    }

    fn reference(&self, variant: &Variant, count: usize, resources: &mut Resources) {
        cpu::rms_norm(self, variant, count, resources);
    }

    fn kernels(&self) -> &'static [Kernel] {
        &[Kernel::RmsNorm]
    }
}
