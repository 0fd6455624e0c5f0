//! Parameters of `add`.

use bytemuck::{Pod, Zeroable};

use crate::cpu::{self, Resources};
use crate::launch::Launch;
use crate::variant::{Kernel, Variant};

/// `x += y`, a residual connection.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C)]
pub struct Add {
    /// Values in a row.
    pub width: u32,
    /// Of `x` and `y`, in f32.
    pub stride: u32,
}

impl Launch for Add {
    fn params(&self) -> &[u8] {
        bytemuck::bytes_of(self)
    }

    fn grid(&self, _: &Variant, count: u32) -> [u32; 3] {
        [self.width.div_ceil(64), count, 1]
    }

    fn reference(&self, _: &Variant, count: usize, resources: &mut Resources) {
        cpu::add(self, count, resources);
    }

    fn kernels(&self) -> &'static [Kernel] {
        &[Kernel::Add]
    }
}
