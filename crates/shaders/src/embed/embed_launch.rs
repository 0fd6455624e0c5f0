//! Parameters of `embed`.

use bytemuck::{Pod, Zeroable};

use super::{EmbedVariant, embed_reference};
use crate::kernel::Kernel;
use crate::launch::{Extent, FamilyLaunch};
use crate::resources::Resources;

/// Looks up the embeddings of the rows' tokens, or of what else the rows are looked up by.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C)]
pub struct Embed {
    /// The token of the first row of this part of the table.
    pub first: u32,
    /// Tokens in this part.
    pub tokens: u32,
    /// Groups of 32 in a row of the table.
    pub groups: u32,
    /// The stride of `x`, in vec4.
    pub stride: u32,
    /// The row of the table that a row of the step takes: [`Embed::TOKEN`], [`Embed::POSITION`] or [`Embed::FIRST`].
    pub by: u32,
    /// 1 where the embedding is added to `x`.
    pub accumulate: u32,
    /// The factor of the embedding.
    pub scale: f32,
}

impl Embed {
    /// The row of the token.
    pub const TOKEN: u32 = 0;
    /// The row of its position.
    pub const POSITION: u32 = 1;
    /// The first row, whatever the token.
    pub const FIRST: u32 = 2;
}

impl FamilyLaunch for Embed {
    type Variant = EmbedVariant;

    const KERNELS: &'static [Kernel] = &[Kernel::Embed];

    fn grid(&self, _: &Self::Variant, extent: Extent) -> [u32; 3] {
        [(self.groups * 4).div_ceil(64), extent.count, 1]
    }

    fn reference(&self, variant: &Self::Variant, count: usize, resources: &mut Resources) {
        if let EmbedVariant::Embed(layout) = *variant {
            embed_reference::embed(self, layout, count, resources);
        }
    }
}
