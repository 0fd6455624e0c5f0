//! Parameters of `swiglu`.

use bytemuck::{Pod, Zeroable};

use crate::cpu::{self, Resources};
use crate::launch::Launch;
use crate::variant::{Kernel, Variant};

/// `gate = silu(gate) * up`.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C)]
pub struct Swiglu {
    /// Values in a row.
    pub width: u32,
    /// Of `gate` and `up`, in f32.
    pub stride: u32,
}

impl Launch for Swiglu {
    fn params(&self) -> &[u8] {
        bytemuck::bytes_of(self)
    }

    fn grid(&self, _: &Variant, count: u32) -> [u32; 3] {
        [self.width.div_ceil(64), count, 1]
    }

    fn reference(&self, _: &Variant, count: usize, resources: &mut Resources) {
        cpu::swiglu(self, count, resources);
    }

    fn kernels(&self) -> &'static [Kernel] {
        &[Kernel::Swiglu]
    }
}
