//! Parameters of `copy_blocks`.

use bytemuck::{Pod, Zeroable};

use super::{StateVariant, copy_blocks_reference};
use crate::kernel::Kernel;
use crate::launch::{Extent, FamilyLaunch};
use crate::resources::Resources;

/// Copies blocks of the KV cache within their buffers; the rows are the copies.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C)]
pub struct CopyBlocks {
    /// Quads of words in a block.
    pub quads: u32,
}

impl FamilyLaunch for CopyBlocks {
    type Variant = StateVariant;

    const KERNELS: &'static [Kernel] = &[Kernel::CopyBlocks];

    fn grid(&self, _: &Self::Variant, extent: Extent) -> [u32; 3] {
        [self.quads.div_ceil(64), extent.count, 1]
    }

    fn reference(&self, _: &Self::Variant, count: usize, resources: &mut Resources) {
        copy_blocks_reference::copy_blocks(self, count, resources);
    }
}
