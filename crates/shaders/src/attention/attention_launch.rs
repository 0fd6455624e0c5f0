//! Parameters of `attention`, `attention_split`, `attention_combine`, `attention_tile` and `attention_token_per_lane`.

use bytemuck::{Pod, Zeroable};

use super::attention_reference;
use crate::kernel::Kernel;
use crate::launch::{Extent, Launch};
use crate::resources::Resources;
use crate::tile::AttentionTile;
use crate::variant::Variant;

/// Causal attention over the KV cache.
#[derive(Clone, Copy, Debug, Default, Pod, Zeroable)]
#[repr(C)]
pub struct Attention {
    /// Query heads.
    pub heads: u32,
    /// KV heads; they divide the query heads.
    pub kv_heads: u32,
    /// Half the width of a head; at most [`Attention::MAX_HEAD_PAIRS`].
    pub head_pairs: u32,
    /// Of `query` or, where queries are yet to be turned, of `qkv`, in f32.
    pub query_stride: u32,
    /// Of `y`, in f32.
    pub y_stride: u32,
    /// Groups of 32 in a row of `y`, which lies in planes.
    pub y_groups: u32,
    /// Of the scores: 1 / sqrt(head width), as a rule.
    pub scale: f32,
    /// Splits of a row's context that there is room for (`attention_split`, `attention_combine`).
    pub splits: u32,
    /// Rotated pairs of a head, for queries yet to be turned, like the next two: see [`crate::RopeAppend`].
    pub pairs: u32,
    /// From the first to the second value of a pair.
    pub pair_step: u32,
    /// The rotated pairs are scaled by this.
    pub magnitude: f32,
    /// n > 0: a score `s` becomes `n * tanh(s / n)`.
    pub soft_cap: f32,
    /// n > 0: a token sees itself and the n - 1 before it, else all before it.
    pub window: u32,
    /// 1: each head has a score that takes its share and gives nothing: `frequencies` has them after those of `pairs`.
    pub sinks: u32,
}

impl Attention {
    /// The widest head the kernel takes, in pairs.
    pub const MAX_HEAD_PAIRS: u32 = 128;
    /// Tokens of a split.
    pub const SPLIT_TOKENS: u32 = 128;
    /// The most query heads of a row in a block of `attention_tile`.
    const MAX_TILE_HEADS: u32 = 8;

    /// The grid of `attention_tile`: blocks of heads, and blocks of rows.
    fn tile_grid(&self, tile: &AttentionTile, count: u32) -> [u32; 3] {
        let heads_per_kv = self.heads / self.kv_heads.max(1);
        let head_blocks = heads_per_kv.div_ceil(Self::MAX_TILE_HEADS).max(1);
        let row_heads = heads_per_kv.div_ceil(head_blocks).max(1);
        [self.kv_heads * head_blocks, count.div_ceil(tile.queries / row_heads), 1]
    }
}

impl Launch for Attention {
    fn params(&self) -> &[u8] {
        bytemuck::bytes_of(self)
    }

    fn grid(&self, variant: &Variant, extent: Extent) -> [u32; 3] {
        let blocks = (self.heads / self.kv_heads.max(1)).div_ceil(variant.heads.max(1));
        match variant.kernel {
            Kernel::AttentionTile => variant.attention_tile.map_or([0; 3], |tile| self.tile_grid(&tile, extent.count)),
            Kernel::AttentionTokenPerLane => [self.kv_heads * blocks, extent.count, 1],
            Kernel::AttentionSplit => {
                [self.kv_heads * blocks, extent.count, extent.context.div_ceil(Self::SPLIT_TOKENS).min(self.splits)]
            }
            // A single split has its result already.
            Kernel::AttentionCombine if extent.context <= Self::SPLIT_TOKENS => [0; 3],
            _ => [self.heads, extent.count, 1],
        }
    }

    fn reference(&self, variant: &Variant, count: usize, resources: &mut Resources) {
        match variant.kernel {
            Kernel::AttentionSplit => attention_reference::attention_split(self, variant, count, resources),
            Kernel::AttentionCombine => attention_reference::attention_combine(self, count, resources),
            _ => attention_reference::attention(self, variant, count, resources),
        }
    }

    fn kernels(&self) -> &'static [Kernel] {
        &[
            Kernel::Attention,
            Kernel::AttentionSplit,
            Kernel::AttentionCombine,
            Kernel::AttentionTile,
            Kernel::AttentionTokenPerLane,
        ]
    }
}
