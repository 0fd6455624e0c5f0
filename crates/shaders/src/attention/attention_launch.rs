//! Parameters of `attention`, `attention_split`, `attention_combine`, `attention_tile` and `attention_token_per_lane`.

use bytemuck::{Pod, Zeroable};

use super::{AttentionTile, AttentionVariant, attention_reference};
use crate::fragments::kv_cache::KvAddressing;
use crate::kernel::Kernel;
use crate::launch::{Extent, FamilyLaunch};
use crate::resources::Resources;

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
    /// The stride of `query` or, where queries are yet to be turned, of `qkv`, in f32.
    pub query_stride: u32,
    /// The stride of `y`, in f32.
    pub y_stride: u32,
    /// Groups of 32 in a row of `y`, which lies in planes.
    pub y_groups: u32,
    /// The scale of the scores: 1 / sqrt(head width), as a rule.
    pub scale: f32,
    /// The word of `encoded_y` in which the scales begin, after the codes of all rows that there is room for (`attention_split`,
    /// `attention_combine`).
    pub scales: u32,
    /// Splits of a row's context that there is room for (`attention_split`, `attention_combine`).
    pub splits: u32,
    /// Rotated pairs of a head, for queries yet to be turned, like the next two: see [`crate::RopeAppend`].
    pub pairs: u32,
    /// From the first to the second value of a pair.
    pub pair_step: u32,
    /// The rotated pairs are scaled by this.
    pub magnitude: f32,
    /// The soft cap n of the scores, by which `s` becomes `n * tanh(s / n)`; 0 for none.
    pub soft_cap: f32,
    /// The window: tokens that a token sees, itself included; 0 for all before it.
    pub window: u32,
    /// 1 where each head has a sink, a score that takes its share and gives nothing: `frequencies` has them after those of `pairs`.
    pub sinks: u32,
    /// The place of the layer's keys and values in their buffers.
    pub cache: KvAddressing,
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

impl FamilyLaunch for Attention {
    type Variant = AttentionVariant;

    const KERNELS: &'static [Kernel] = &[
        Kernel::Attention,
        Kernel::AttentionSplit,
        Kernel::AttentionCombine,
        Kernel::AttentionTile,
        Kernel::AttentionTokenPerLane,
    ];

    fn grid(&self, variant: &Self::Variant, extent: Extent) -> [u32; 3] {
        let head_blocks = |heads: u32| self.kv_heads * (self.heads / self.kv_heads.max(1)).div_ceil(heads.max(1));
        match variant {
            AttentionVariant::Attention { .. } => [self.heads, extent.count, 1],
            AttentionVariant::AttentionTile { tile, .. } => self.tile_grid(tile, extent.count),
            AttentionVariant::AttentionTokenPerLane { heads, .. } => [head_blocks(*heads), extent.count, 1],
            AttentionVariant::AttentionSplit { heads, .. } => {
                [head_blocks(*heads), extent.count, extent.context.div_ceil(Self::SPLIT_TOKENS).min(self.splits)]
            }
            // A single split has its result already.
            AttentionVariant::AttentionCombine { .. } if extent.context <= Self::SPLIT_TOKENS => [0; 3],
            AttentionVariant::AttentionCombine { .. } => [self.heads, extent.count, 1],
        }
    }

    fn reference(&self, variant: &Self::Variant, count: usize, resources: &mut Resources) {
        match *variant {
            AttentionVariant::AttentionCombine { encode } => {
                attention_reference::attention_combine(self, encode, count, resources);
            }
            AttentionVariant::AttentionSplit { kv, rope, encode, .. } => {
                attention_reference::attention_split(self, (kv, rope, encode), count, resources);
            }
            AttentionVariant::Attention { kv, .. }
            | AttentionVariant::AttentionTile { kv, .. }
            | AttentionVariant::AttentionTokenPerLane { kv, .. } => {
                attention_reference::attention(self, kv, count, resources);
            }
        }
    }
}
