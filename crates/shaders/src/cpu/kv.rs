//! Where keys and values lie in the KV cache, as `wgsl/shared/kv.wgsl` has it.

use crate::BLOCK_TOKENS;

/// Words of a head's keys, and of its values, of a token: pairs of f16, padded to chunks of four words.
#[must_use]
pub const fn kv_head_words(head_pairs: usize) -> usize {
    head_pairs.div_ceil(4) * 4
}

/// What finds keys and values in a cache.
#[derive(Clone, Copy)]
pub(crate) struct KvPlaces<'a> {
    pub(crate) tables: &'a [u32],
    pub(crate) kv_heads: usize,
    pub(crate) head_pairs: usize,
}

impl KvPlaces<'_> {
    /// The first word of the keys, and of the values, of a head of the block that holds `position`.
    fn head(&self, table: u32, position: u32, head: usize) -> usize {
        let block = self.tables[(table + position / BLOCK_TOKENS) as usize] as usize;
        (block * self.kv_heads + head) * BLOCK_TOKENS as usize * kv_head_words(self.head_pairs)
    }

    /// The word of a pair of the key of `position`, for the sequence whose table begins at `table`.
    pub(crate) fn key(&self, table: u32, position: u32, head: usize, pair: usize) -> usize {
        let token = (position % BLOCK_TOKENS) as usize;
        self.head(table, position, head) + (pair / 4 * BLOCK_TOKENS as usize + token) * 4 + pair % 4
    }

    /// The word of a pair of the value of `position`.
    pub(crate) fn value(&self, table: u32, position: u32, head: usize, pair: usize) -> usize {
        let token = (position % BLOCK_TOKENS) as usize;
        self.head(table, position, head) + token * kv_head_words(self.head_pairs) + pair
    }
}
