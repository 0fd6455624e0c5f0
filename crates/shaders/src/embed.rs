//! Parameters of `embed`.

use bytemuck::{Pod, Zeroable};

use crate::cpu::{self, Resources};
use crate::kernel::Kernel;
use crate::launch::{Extent, Launch};
use crate::variant::Variant;

/// Looks up the embeddings of the rows' tokens.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C)]
pub struct Embed {
    /// The token of the first row of this part of the table.
    pub first: u32,
    /// Tokens in this part.
    pub tokens: u32,
    /// Groups of 32 in a row of the table.
    pub groups: u32,
    /// Of `x`, in vec4.
    pub stride: u32,
}

impl Launch for Embed {
    fn params(&self) -> &[u8] {
        bytemuck::bytes_of(self)
    }

    fn grid(&self, _: &Variant, extent: Extent) -> [u32; 3] {
        [(self.groups * 4).div_ceil(64), extent.count, 1]
    }

    fn reference(&self, variant: &Variant, count: usize, resources: &mut Resources) {
        cpu::embed(self, variant, count, resources);
    }

    fn kernels(&self) -> &'static [Kernel] {
        &[Kernel::Embed]
    }
}
