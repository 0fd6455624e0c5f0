//! Rearranges bits: spreads the bits of four weights over the bytes of a word.

use half::f16;

/// A word of up to four bytes, little-endian.
pub(super) fn word_of(bytes: &[u8]) -> u32 {
    bytes.iter().rev().fold(0, |word, byte| word << 8 | u32::from(*byte))
}

/// The 32-bit word `i` of `bytes`.
pub(super) fn word(bytes: &[u8], i: usize) -> u32 {
    let bytes = &bytes[4 * i..4 * i + 4];
    u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
}

/// The 16-bit pair of bytes `i` of `bytes`.
pub(super) fn pair(bytes: &[u8], i: usize) -> u16 {
    let bytes = &bytes[2 * i..2 * i + 2];
    u16::from_le_bytes([bytes[0], bytes[1]])
}

/// The f16 at the start of `bytes`.
pub(super) fn half(bytes: &[u8]) -> f32 {
    f16::from_bits(pair(bytes, 0)).to_f32()
}

/// Spreads four bits over the bytes of a word.
pub(super) fn spread_bits(bits: u32) -> u32 {
    ((bits & 15) * 0x0020_4081) & 0x0101_0101
}

/// Spreads four pairs of bits over the bytes of a word.
pub(super) fn spread_pairs(pairs: u32) -> u32 {
    let halves = (pairs & 0xff | pairs << 12) & 0x000f_000f;
    (halves | halves << 6) & 0x0303_0303
}

/// Spreads four nibbles over the bytes of a word.
pub(super) fn spread_nibbles(nibbles: u32) -> u32 {
    let halves = (nibbles & 0xffff | nibbles << 8) & 0x00ff_00ff;
    (halves | halves << 4) & 0x0f0f_0f0f
}

/// The odd bits of a group in the order of their plane; bit `i` of `bits` belongs to weight `i`.
pub(super) fn odd_bits(bits: u32) -> u32 {
    (0..8).fold(0, |all, quad| all | spread_bits(bits >> (4 * quad)) << quad)
}
