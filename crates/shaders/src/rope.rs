//! Parameters of `rope`.

use bytemuck::{Pod, Zeroable};

use crate::cpu::{self, Resources};
use crate::launch::Launch;
use crate::variant::{Kernel, Variant};

/// Turns the pairs of each head by position * frequency.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C)]
pub struct Rope {
    /// Heads in a row of `x`.
    pub heads: u32,
    /// Values in a head.
    pub head_width: u32,
    /// Rotated pairs of a head; what follows them stays as it is.
    pub pairs: u32,
    /// From the first to the second value of a pair: 1, or half the rotated width.
    pub pair_step: u32,
    /// Of `x`, in f32.
    pub stride: u32,
    /// The rotated pairs are scaled by this: 1 but for YaRN.
    pub magnitude: f32,
}

impl Launch for Rope {
    fn params(&self) -> &[u8] {
        bytemuck::bytes_of(self)
    }

    fn grid(&self, _: &Variant, count: u32) -> [u32; 3] {
        [(self.heads * self.pairs).div_ceil(64), count, 1]
    }

    fn reference(&self, _: &Variant, count: usize, resources: &mut Resources) {
        cpu::rope(self, count, resources);
    }

    fn kernels(&self) -> &'static [Kernel] {
        &[Kernel::Rope]
    }
}
