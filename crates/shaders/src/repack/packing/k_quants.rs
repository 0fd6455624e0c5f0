//! Packs K-quants: super-blocks of 256 weights, whose groups have scales of a few bits. A byte holds a few bits of the same
//! weight in several groups.

use std::array::from_fn;

use crate::format::SUPER_BLOCK_GROUPS;

use super::bits::{half, word};
use super::row::Row;

/// Packs Q2_K blocks: 16 bytes of scale and minimum, a nibble each, for 16 weights each; pairs of bits; f16 d and dmin.
pub(super) fn pack_q2_k(row: &mut Row<'_>, bytes: &[u8]) {
    for (index, block) in bytes.chunks_exact(84).enumerate() {
        let (scales, rest) = block.split_at(16);
        let (pairs, factors) = rest.split_at(64);
        row.set_super_block(index, word(factors, 0), from_fn(|group| [scales[2 * group], scales[2 * group + 1]]));
        for group in 0..SUPER_BLOCK_GROUPS {
            row.set_codes(index * SUPER_BLOCK_GROUPS + group, 0, pairs_of(pairs, group));
        }
    }
}

/// Packs Q3_K blocks: odd bits, pairs of bits, 6-bit scales for 16 weights each, f16 d.
pub(super) fn pack_q3_k(row: &mut Row<'_>, bytes: &[u8]) {
    for (index, block) in bytes.chunks_exact(110).enumerate() {
        let (odd, rest) = block.split_at(32);
        let (pairs, rest) = rest.split_at(64);
        let (packed, factor) = rest.split_at(12);
        let scale = |i: usize| {
            let (low, high) = (packed[i % 8] >> (4 * (i / 8)) & 15, packed[8 + i % 4] >> (2 * (i / 4)) & 3);
            (low | high << 4).wrapping_sub(32)
        };
        let scales = from_fn(|group| [scale(2 * group), scale(2 * group + 1)]);
        row.set_super_block(index, half(factor).to_bits(), scales);
        for group in 0..SUPER_BLOCK_GROUPS {
            let at = index * SUPER_BLOCK_GROUPS + group;
            row.set_codes(at, 0, pairs_of(pairs, group));
            row.set_odd_bits(at, odd_bits_of(odd, group));
        }
    }
}

/// Packs Q4_K blocks: f16 d and dmin, 12 bytes of scales and minima, nibbles.
pub(super) fn pack_q4_k(row: &mut Row<'_>, bytes: &[u8]) {
    for (index, block) in bytes.chunks_exact(144).enumerate() {
        let (scales, nibbles) = block.split_at(16);
        set_scales_and_minima(row, index, scales);
        for group in 0..SUPER_BLOCK_GROUPS {
            let codes = nibbles_of(&nibbles[group / 2 * 32..], group % 2);
            row.set_codes(index * SUPER_BLOCK_GROUPS + group, 0, codes);
        }
    }
}

/// Packs Q5_K blocks: f16 d and dmin, 12 bytes of scales and minima, odd bits, nibbles.
pub(super) fn pack_q5_k(row: &mut Row<'_>, bytes: &[u8]) {
    for (index, block) in bytes.chunks_exact(176).enumerate() {
        let (scales, rest) = block.split_at(16);
        let (odd, nibbles) = rest.split_at(32);
        set_scales_and_minima(row, index, scales);
        for group in 0..SUPER_BLOCK_GROUPS {
            let at = index * SUPER_BLOCK_GROUPS + group;
            row.set_codes(at, 0, nibbles_of(&nibbles[group / 2 * 32..], group % 2));
            row.set_odd_bits(at, odd_bits_of(odd, group));
        }
    }
}

/// Packs Q6_K blocks: nibbles, pairs of bits, signed scales for 16 weights each, f16 d. Each half of 128 weights has 64 bytes of
/// nibbles: the low nibbles belong to its groups 0 and 1, the high ones to its groups 2 and 3.
pub(super) fn pack_q6_k(row: &mut Row<'_>, bytes: &[u8]) {
    for (index, block) in bytes.chunks_exact(210).enumerate() {
        let (nibbles, rest) = block.split_at(128);
        let (pairs, rest) = rest.split_at(64);
        let (scales, factor) = rest.split_at(16);
        let scales = from_fn(|group| [scales[2 * group], scales[2 * group + 1]]);
        row.set_super_block(index, half(factor).to_bits(), scales);
        for group in 0..SUPER_BLOCK_GROUPS {
            let at = index * SUPER_BLOCK_GROUPS + group;
            row.set_codes(at, 0, nibbles_of(&nibbles[64 * (group / 4) + 32 * (group % 2)..], group % 4 / 2));
            row.set_codes(at, 4, pairs_of(pairs, group));
        }
    }
}

/// Sets the scales of Q4_K and Q5_K from f16 d and dmin and 12 bytes: `get_scale_min_k4` of
/// <https://github.com/ggml-org/ggml/blob/master/src/ggml-quants.c>.
fn set_scales_and_minima(row: &mut Row<'_>, index: usize, scales: &[u8]) {
    let (factors, packed) = scales.split_at(4);
    let scale_and_minimum = |group: usize| match group.checked_sub(4) {
        None => [packed[group] & 63, packed[group + 4] & 63],
        Some(i) => [packed[i + 8] & 15 | packed[i] >> 6 << 4, packed[i + 8] >> 4 | packed[i + 4] >> 6 << 4],
    };
    row.set_super_block(index, word(factors, 0), from_fn(scale_and_minimum));
}

/// The nibbles of a group, weight by weight: the low (0) or high (1) halves of 32 bytes.
fn nibbles_of(bytes: &[u8], half: usize) -> [u32; 4] {
    let nibbles = |i: usize| (word(bytes, i) >> (4 * half)) & 0x0f0f_0f0f;
    from_fn(|i| nibbles(i) | nibbles(i + 4) << 4)
}

/// The pairs of bits of a group of a super-block, from 64 bytes: 32 for each half of 128 weights, whose k-th pairs belong to
/// group k.
pub(super) fn pairs_of(bytes: &[u8], group: usize) -> [u32; 2] {
    let pairs = |i: usize| (word(bytes, group / 4 * 8 + i) >> (2 * (group % 4))) & 0x0303_0303;
    from_fn(|i| pairs(4 * i) | pairs(4 * i + 1) << 2 | pairs(4 * i + 2) << 4 | pairs(4 * i + 3) << 6)
}

/// The odd bits of a group of a super-block, from 32 bytes whose k-th bits belong to group k.
fn odd_bits_of(bytes: &[u8], group: usize) -> u32 {
    (0..8).fold(0, |all, quad| all | ((word(bytes, quad) >> group) & 0x0101_0101) << quad)
}
