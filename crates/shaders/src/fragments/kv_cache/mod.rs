//! The layout of the KV cache, as `kv.wgsl` has it.

use crate::fragments::numbers::{half_bits, half_of};
use crate::{BLOCK_TOKENS, KvFormat};

/// Pairs of a head's keys, and of its values, of a token, padded to chunks of four.
#[must_use]
pub const fn kv_head_pairs(head_pairs: usize) -> usize {
    head_pairs.div_ceil(4) * 4
}

/// The places of keys and values in a cache.
#[derive(Clone, Copy)]
pub(crate) struct KvPlaces<'a> {
    pub(crate) tables: &'a [u32],
    pub(crate) kv_heads: usize,
    pub(crate) head_pairs: usize,
}

impl KvPlaces<'_> {
    /// The first pair of the keys, and of the values, of a head of the block that holds `position`.
    fn head(&self, table: u32, position: u32, head: usize) -> usize {
        let block = self.tables[(table + position / BLOCK_TOKENS) as usize] as usize;
        (block * self.kv_heads + head) * BLOCK_TOKENS as usize * kv_head_pairs(self.head_pairs)
    }

    /// The place of a pair of the key of `position`, for the sequence whose table begins at `table`.
    pub(crate) fn key(&self, table: u32, position: u32, head: usize, pair: usize) -> usize {
        let token = (position % BLOCK_TOKENS) as usize;
        self.head(table, position, head) + (pair / 4 * BLOCK_TOKENS as usize + token) * 4 + pair % 4
    }

    /// The place of a pair of the value of `position`.
    pub(crate) fn value(&self, table: u32, position: u32, head: usize, pair: usize) -> usize {
        let token = (position % BLOCK_TOKENS) as usize;
        self.head(table, position, head) + token * kv_head_pairs(self.head_pairs) + pair
    }
}

impl KvFormat {
    /// Value 0 or 1 of a pair of a cache.
    pub(crate) fn read(self, cache: &[u32], pair: usize, i: usize) -> f32 {
        match self {
            Self::F16 => half_of(cache[pair], i),
            Self::F32 => f32::from_bits(cache[2 * pair + i]),
        }
    }

    /// Puts two values into a cache, as halves within what halves can hold.
    pub(crate) fn write(self, cache: &mut [u32], pair: usize, values: [f32; 2]) {
        match self {
            Self::F16 => cache[pair] = u32::from(half_bits(values[0])) | u32::from(half_bits(values[1])) << 16,
            Self::F32 => cache[2 * pair..2 * pair + 2].copy_from_slice(&values.map(f32::to_bits)),
        }
    }
}
