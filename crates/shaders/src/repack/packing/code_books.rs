//! Packs types whose blocks hold indices into a code book: grid entries (see [`super::grids`]) with separate signs, or values
//! that aren't evenly spaced. Each weight is packed as its index in a table of the type's values.

use std::array::from_fn;

use crate::format::SUPER_BLOCK_GROUPS;

use super::bits::{half, odd_bits, pair, spread_bits, spread_nibbles, spread_pairs, word};
use super::grids::{IQ1, IQ2_S, IQ2_XS, IQ2_XXS, IQ3_S, IQ3_XXS};
use super::row::Row;

/// Packs IQ4_XS blocks: f16 d, 16 upper bits and 4 bytes of lower bits of the scales, nibbles.
pub(super) fn pack_iq4_xs(row: &mut Row<'_>, bytes: &[u8]) {
    for (index, block) in bytes.chunks_exact(136).enumerate() {
        let (header, nibbles) = block.split_at(8);
        let scale = |group: usize| {
            let (low, high) = (nibble(&header[4..], group), pair(header, 1) >> (2 * group) & 3);
            (low | (high as u8) << 4).wrapping_sub(32)
        };
        row.set_super_block(index, half(header).to_bits(), from_fn(|group| [scale(group); 2]));
        for group in 0..SUPER_BLOCK_GROUPS {
            let codes = from_fn::<_, 4, _>(|i| word(nibbles, 4 * group + i));
            row.set_codes(index * SUPER_BLOCK_GROUPS + group, 0, codes);
        }
    }
}

/// Packs IQ3_XXS blocks: f16 d, 64 grid indices, and a word for each group with its signs and scale.
pub(super) fn pack_iq3_xxs(row: &mut Row<'_>, bytes: &[u8]) {
    for (index, block) in bytes.chunks_exact(98).enumerate() {
        let (entries, words) = block[2..].split_at(64);
        let scales = from_fn(|group| [odd_scale(word(words, group) >> 28); 2]);
        row.set_super_block(index, (half(block) / 4.0).to_bits(), scales);
        for group in 0..SUPER_BLOCK_GROUPS {
            let entry = |i: usize| IQ3_XXS[usize::from(entries[8 * group + i])];
            set_quads(row, index * SUPER_BLOCK_GROUPS + group, from_fn(entry), signs_of(word(words, group)));
        }
    }
}

/// Packs IQ3_S blocks: f16 d, 64 grid indices, their ninth bits, signs, 4-bit scales.
pub(super) fn pack_iq3_s(row: &mut Row<'_>, bytes: &[u8]) {
    for (index, block) in bytes.chunks_exact(110).enumerate() {
        let (entries, rest) = block[2..].split_at(64);
        let (ninths, rest) = rest.split_at(8);
        let (signs, scales) = rest.split_at(32);
        let scale = |group: usize| odd_scale(nibble(scales, group).into());
        row.set_super_block(index, half(block).to_bits(), from_fn(|group| [scale(group); 2]));
        for group in 0..SUPER_BLOCK_GROUPS {
            let ninth = |i: usize| usize::from(ninths[group] >> i & 1) << 8;
            let entry = |i: usize| IQ3_S[usize::from(entries[8 * group + i]) | ninth(i)];
            set_quads(row, index * SUPER_BLOCK_GROUPS + group, from_fn(entry), word(signs, group));
        }
    }
}

/// Packs IQ2_XXS blocks: f16 d, and two words for each group: four grid indices, then signs and scale.
pub(super) fn pack_iq2_xxs(row: &mut Row<'_>, bytes: &[u8]) {
    for (index, block) in bytes.chunks_exact(66).enumerate() {
        let words = &block[2..];
        let scales = from_fn(|group| [odd_scale(word(words, 2 * group + 1) >> 28); 2]);
        row.set_super_block(index, (half(block) / 8.0).to_bits(), scales);
        for group in 0..SUPER_BLOCK_GROUPS {
            let entry = |i: usize| IQ2_XXS[usize::from(words[8 * group + i])];
            let signs = signs_of(word(words, 2 * group + 1));
            set_octets(row, index * SUPER_BLOCK_GROUPS + group, from_fn(entry), signs);
        }
    }
}

/// Packs IQ2_XS blocks: f16 d, 32 grid indices of 9 bits with 7 bits of signs, 4-bit scales for 16 weights each.
pub(super) fn pack_iq2_xs(row: &mut Row<'_>, bytes: &[u8]) {
    for (index, block) in bytes.chunks_exact(74).enumerate() {
        let (entries, scales) = block[2..].split_at(64);
        row.set_super_block(index, (half(block) / 8.0).to_bits(), scales_of_halves(scales));
        for group in 0..SUPER_BLOCK_GROUPS {
            let packed = |i: usize| pair(entries, 4 * group + i);
            let entry = |i: usize| IQ2_XS[usize::from(packed(i) & 511)];
            let signs = (0..4).fold(0, |all, i| all | with_parity(u32::from(packed(i) >> 9)) << (8 * i));
            set_octets(row, index * SUPER_BLOCK_GROUPS + group, from_fn(entry), signs);
        }
    }
}

/// Packs IQ2_S blocks: f16 d, 32 grid indices, signs, the indices' upper two bits, 4-bit scales for 16 weights each.
pub(super) fn pack_iq2_s(row: &mut Row<'_>, bytes: &[u8]) {
    for (index, block) in bytes.chunks_exact(82).enumerate() {
        let (entries, rest) = block[2..].split_at(32);
        let (signs, rest) = rest.split_at(32);
        let (upper, scales) = rest.split_at(8);
        row.set_super_block(index, (half(block) / 8.0).to_bits(), scales_of_halves(scales));
        for group in 0..SUPER_BLOCK_GROUPS {
            let upper = |i: usize| usize::from(upper[group] >> (2 * i) & 3) << 8;
            let entry = |i: usize| IQ2_S[usize::from(entries[4 * group + i]) | upper(i)];
            set_octets(row, index * SUPER_BLOCK_GROUPS + group, from_fn(entry), word(signs, group));
        }
    }
}

/// Packs IQ1_S blocks: f16 d, 32 grid indices, and 16 bits for each group: the indices' upper three bits, the scale, and the sign
/// of the eighth.
pub(super) fn pack_iq1_s(row: &mut Row<'_>, bytes: &[u8]) {
    for (index, block) in bytes.chunks_exact(50).enumerate() {
        let (entries, groups) = block[2..].split_at(32);
        let scales = from_fn(|group| [odd_scale(u32::from(pair(groups, group)) >> 12 & 7); 2]);
        row.set_super_block(index, (half(block) / 8.0).to_bits(), scales);
        for group in 0..SUPER_BLOCK_GROUPS {
            let bits = pair(groups, group);
            let entry = |i: usize| IQ1[usize::from(entries[4 * group + i]) | usize::from(bits >> (3 * i) & 7) << 8];
            let signs = if bits >> 15 == 1 { u32::MAX } else { 0 };
            set_octets(row, index * SUPER_BLOCK_GROUPS + group, from_fn(entry), signs);
        }
    }
}

/// Packs IQ1_M blocks: 32 grid indices, a nibble for each with its upper three bits and the sign of the eighth, and 8 bytes of
/// 3-bit scales for 16 weights each, in which the upper nibbles of four 16-bit words form an f16 d.
pub(super) fn pack_iq1_m(row: &mut Row<'_>, bytes: &[u8]) {
    for (index, block) in bytes.chunks_exact(56).enumerate() {
        let (entries, rest) = block.split_at(32);
        let (upper, scales) = rest.split_at(16);
        let factor = (0..4).fold(0, |all, i| all | pair(scales, i) >> 12 << (4 * i));
        let scale = |i: usize| odd_scale(u32::from(pair(scales, i / 4)) >> (3 * (i % 4)) & 7);
        let halves = from_fn(|group| [scale(2 * group), scale(2 * group + 1)]);
        row.set_super_block(index, (half(&factor.to_le_bytes()) / 8.0).to_bits(), halves);
        for group in 0..SUPER_BLOCK_GROUPS {
            let upper = |i: usize| nibble(upper, 4 * group + i);
            let entry = |i: usize| IQ1[usize::from(entries[4 * group + i]) | usize::from(upper(i) & 7) << 8];
            let signs = (0..4).fold(0, |all, i| all | (u32::from(upper(i) >> 3) * 0xff) << (8 * i));
            set_octets(row, index * SUPER_BLOCK_GROUPS + group, from_fn(entry), signs);
        }
    }
}

/// Sets a group's codes from eight grid entries of four magnitudes each and from signs, one bit for each weight.
fn set_quads(row: &mut Row<'_>, group: usize, entries: [u16; 8], signs: u32) {
    let quad = |i: usize| spread_nibbles(entries[i].into()) | spread_bits(signs >> (4 * i)) << 3;
    row.set_codes(group, 0, from_fn::<_, 4, _>(|i| quad(i) | quad(i + 4) << 4));
}

/// Sets a group's codes from four grid entries of eight magnitudes each and from signs, one bit for each weight.
fn set_octets(row: &mut Row<'_>, group: usize, entries: [u16; 4], signs: u32) {
    let octet = |i: usize| spread_pairs(entries[i].into()) | spread_pairs(u32::from(entries[i]) >> 8) << 2;
    row.set_codes(group, 0, from_fn::<_, 2, _>(|i| octet(2 * i) | octet(2 * i + 1) << 4));
    row.set_odd_bits(group, odd_bits(signs));
}

/// Nibble `i` of `bytes`.
fn nibble(bytes: &[u8], i: usize) -> u8 {
    bytes[i / 2] >> (4 * (i % 2)) & 15
}

/// The 4-bit scales of each group's two halves.
fn scales_of_halves(scales: &[u8]) -> [[u8; 2]; SUPER_BLOCK_GROUPS] {
    from_fn(|group| [0, 1].map(|half| odd_scale(nibble(scales, 2 * group + half).into())))
}

/// The scale of some bits as an odd number: (bits + 1/2) times two.
fn odd_scale(bits: u32) -> u8 {
    (2 * bits + 1) as u8
}

/// The signs of 32 weights from the lowest 28 bits of `word`: 7 bits for each eight weights.
fn signs_of(word: u32) -> u32 {
    (0..4).fold(0, |all, i| all | with_parity(word >> (7 * i) & 127) << (8 * i))
}

/// Eight signs from seven: the eighth makes the number of negative weights even.
fn with_parity(signs: u32) -> u32 {
    signs | (signs.count_ones() & 1) << 7
}
