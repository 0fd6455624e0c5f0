//! Parameters of `truncate`.

use bytemuck::{Pod, Zeroable};

use crate::cpu::{self, Resources};
use crate::kernel::Kernel;
use crate::launch::{Extent, Launch};
use crate::variant::Variant;

/// Finds, for each output that has top-k, top-p or min-p, the least logit that counts.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C)]
pub struct Truncate {
    /// Tokens to choose from.
    pub vocabulary: u32,
    /// Of `logits`, in f32.
    pub stride: u32,
}

impl Launch for Truncate {
    fn params(&self) -> &[u8] {
        bytemuck::bytes_of(self)
    }

    fn grid(&self, _: &Variant, extent: Extent) -> [u32; 3] {
        [1, extent.count, 1]
    }

    fn reference(&self, _: &Variant, count: usize, resources: &mut Resources) {
        cpu::truncate(self, count, resources);
    }

    fn kernels(&self) -> &'static [Kernel] {
        &[Kernel::Truncate]
    }
}
