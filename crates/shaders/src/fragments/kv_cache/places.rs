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

    /// The word with the half that scales value `i` of a token, within its head.
    fn scale(&self, part: KvPart, token: u32, i: usize) -> usize {
        let (pair_of_groups, chunks) = (i as u32 / 64, self.head_pairs.div_ceil(4));
        let index = match part {
            KvPart::Keys => pair_of_groups * BLOCK_TOKENS + token,
            KvPart::Values => token * chunks.div_ceil(8) + pair_of_groups,
        };
        (BLOCK_TOKENS * chunks * self.format.chunk_words() + index) as usize
    }

    /// Value `i` of a head of the key, or of the value, at a place: the beginning of the sequence's table, and the position.
    #[must_use]
    pub fn read(&self, cache: &[u32], part: KvPart, place: (u32, u32), head: usize, i: usize) -> f32 {
        let (begin, token) = (self.head(place, head), place.1 % BLOCK_TOKENS);
        let chunk = begin + self.chunk(part, token, i);
        match self.format {
            KvFormat::F16 => half_of(cache[chunk + i % 8 / 2], i % 2),
            KvFormat::F32 => f32::from_bits(cache[chunk + i % 8]),
            KvFormat::Q8 => {
                let code = cache[chunk + i % 8 / 4].to_le_bytes()[i % 4] as i8;
                f32::from(code) * half_of(cache[begin + self.scale(part, token, i)], i / 32 % 2) / 127.0
            }
        }
    }

    /// Writes the values of a head of the key, or of the value, at a place; as halves within what halves can hold.
    pub fn write(&self, cache: &mut [u32], part: KvPart, place: (u32, u32), head: usize, values: &[f32]) {
        let (begin, token) = (self.head(place, head), place.1 % BLOCK_TOKENS);
        match self.format {
            KvFormat::F16 => {
                for (i, pair) in values.chunks_exact(2).enumerate() {
                    let word = u32::from(half_bits(pair[0])) | u32::from(half_bits(pair[1])) << 16;
                    cache[begin + self.chunk(part, token, 2 * i) + i % 4] = word;
                }
            }
            KvFormat::F32 => {
                for (i, value) in values.iter().enumerate() {
                    cache[begin + self.chunk(part, token, i) + i % 8] = value.to_bits();
                }
            }
            KvFormat::Q8 => {
                let largest =
                    |group: &[f32]| half_bits(group.iter().fold(0.0, |largest, value| value.abs().max(largest)));
                for (i, groups) in values.chunks(64).enumerate() {
                    let [low, high] =
                        [0, 32].map(|first| groups.get(first..).map_or(0, |rest| largest(&rest[..rest.len().min(32)])));
                    cache[begin + self.scale(part, token, 64 * i)] = u32::from(low) | u32::from(high) << 16;
                }
                for (i, quad) in values.chunks(4).enumerate() {
                    let largest = half_of(cache[begin + self.scale(part, token, 4 * i)], 4 * i / 32 % 2);
                    let factor = if largest > 0.0 { 127.0 / largest } else { 0.0 };
                    let code = |j: usize| {
                        let value = quad.get(j).copied().unwrap_or_default();
                        (value * factor).round_ties_even().clamp(-127.0, 127.0) as i8 as u8
                    };
                    let word = u32::from_le_bytes([0, 1, 2, 3].map(code));
                    cache[begin + self.chunk(part, token, 4 * i) + i % 2] = word;
                }
            }
        }
    }
}
