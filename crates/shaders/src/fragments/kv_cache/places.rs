//! Keys and values in a cache, on the CPU.

use super::KvAddressing;
use crate::fragments::numbers::{half_bits, half_of};
use crate::{BLOCK_TOKENS, KvFormat};

/// The keys or the values, which lie in different orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KvPart {
    /// The keys.
    Keys,
    /// The values.
    Values,
}

/// The places of a layer's keys and values in a cache.
#[derive(Clone, Copy, Debug)]
pub struct KvPlaces<'a> {
    tables: &'a [u32],
    addressing: KvAddressing,
    format: KvFormat,
    head_pairs: u32,
}

impl<'a> KvPlaces<'a> {
    /// The places of keys and values in `format`, for heads of `head_pairs` pairs, through these block tables.
    #[must_use]
    pub const fn new(tables: &'a [u32], addressing: KvAddressing, format: KvFormat, head_pairs: u32) -> Self {
        Self { tables, addressing, format, head_pairs }
    }

    /// The word at which the keys, or the values, of a head of the block that holds `position` begin, for the sequence whose
    /// table begins at `table`.
    fn head(&self, (table, position): (u32, u32), head: usize) -> usize {
        let KvAddressing { block_chunks, table_stride, table_offset } = self.addressing;
        let block = self.tables[(table + position / BLOCK_TOKENS * table_stride + table_offset) as usize];
        let chunks = block * block_chunks + head as u32 * self.format.head_chunks(self.head_pairs);
        (chunks * self.format.chunk_words()) as usize
    }

    /// The word at which the chunk of value `i` of a token begins, within its head.
    fn chunk(&self, part: KvPart, token: u32, i: usize) -> usize {
        let (chunk, chunks) = (i as u32 / 8, self.head_pairs.div_ceil(4));
        let index = match part {
            KvPart::Keys => chunk * BLOCK_TOKENS + token,
            KvPart::Values => token * chunks + chunk,
        };
        (index * self.format.chunk_words()) as usize
    }

    /// Value `i` of a head of the key, or of the value, at a place: the beginning of the sequence's table, and the position.
    #[must_use]
    pub fn read(&self, cache: &[u32], part: KvPart, place: (u32, u32), head: usize, i: usize) -> f32 {
        let chunk = self.head(place, head) + self.chunk(part, place.1 % BLOCK_TOKENS, i);
        match self.format {
            KvFormat::F16 => half_of(cache[chunk + i % 8 / 2], i % 2),
            KvFormat::F32 => f32::from_bits(cache[chunk + i % 8]),
        }
    }

    /// Writes the values of a head of the key, or of the value, at a place; as halves within what halves can hold.
    pub fn write(&self, cache: &mut [u32], part: KvPart, place: (u32, u32), head: usize, values: &[f32]) {
        let begin = self.head(place, head);
        for (i, pair) in values.chunks_exact(2).enumerate() {
            let chunk = begin + self.chunk(part, place.1 % BLOCK_TOKENS, 2 * i);
            match self.format {
                KvFormat::F16 => {
                    cache[chunk + i % 4] = u32::from(half_bits(pair[0])) | u32::from(half_bits(pair[1])) << 16;
                }
                KvFormat::F32 => {
                    let word = chunk + 2 * (i % 4);
                    cache[word] = pair[0].to_bits();
                    cache[word + 1] = pair[1].to_bits();
                }
            }
        }
    }
}
