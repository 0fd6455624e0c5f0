//! The layout of the KV cache, as `kv.wgsl` has it.

mod places;

pub use places::{KvPart, KvPlaces};

use bytemuck::{Pod, Zeroable};

use crate::{BLOCK_TOKENS, KvFormat};

/// The place of a layer's keys and values in buffers and block tables that it shares with layers of other groups.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct KvAddressing {
    /// Chunks of eight values from one block of the buffers to the next.
    pub block_chunks: u32,
    /// Entries of a block table from one block of tokens to the next: the number of groups.
    pub table_stride: u32,
    /// The index of the layer's group among the entries.
    pub table_offset: u32,
}

impl KvAddressing {
    /// The place of a layer's keys and values that share nothing, with `kv_heads` heads of `head_pairs` pairs.
    #[must_use]
    pub const fn alone(format: KvFormat, kv_heads: u32, head_pairs: u32) -> Self {
        Self { block_chunks: kv_heads * format.head_chunks(head_pairs), table_stride: 1, table_offset: 0 }
    }
}

impl KvFormat {
    /// Chunks of eight values for the keys, or the values, of a head of `head_pairs` pairs in a block, with their scales.
    #[must_use]
    pub const fn head_chunks(self, head_pairs: u32) -> u32 {
        let chunks = head_pairs.div_ceil(4);
        match self {
            Self::F16 | Self::F32 => BLOCK_TOKENS * chunks,
            // Each token has a word of scales, half a chunk, for 64 values.
            Self::Q8 => BLOCK_TOKENS * chunks + BLOCK_TOKENS / 2 * chunks.div_ceil(8),
        }
    }

    /// Words of a chunk of eight values.
    #[must_use]
    pub const fn chunk_words(self) -> u32 {
        match self {
            Self::F16 => 4,
            Self::F32 => 8,
            Self::Q8 => 2,
        }
    }
}
