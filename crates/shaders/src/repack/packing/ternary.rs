//! Packs ternary types: weights of -1, 0 and 1 times a scale, as 2-bit codes less one. They are kept as Q2_K,
//! `scale * code - scale`.

use crate::format::{GROUP, SUPER_BLOCK_GROUPS};

use super::bits::{pair, word};
use super::k_quants::pairs_of;
use super::row::Row;

/// Packs TQ2_0 blocks: pairs of bits, f16 d.
pub(super) fn pack_tq2_0(row: &mut Row<'_>, bytes: &[u8]) {
    for (index, block) in bytes.chunks_exact(66).enumerate() {
        let (pairs, scale) = block.split_at(64);
        set_scale(row, index, scale);
        for group in 0..SUPER_BLOCK_GROUPS {
            row.set_codes(index * SUPER_BLOCK_GROUPS + group, 0, pairs_of(pairs, group));
        }
    }
}

/// Packs TQ1_0 blocks: 48 bytes of five weights each, 4 bytes of four weights each, f16 d. A byte is a fraction of 256 whose
/// base-3 digits are the weights; the n-th digits of 32 bytes follow each other, then those of 16, then those of 4.
pub(super) fn pack_tq1_0(row: &mut Row<'_>, bytes: &[u8]) {
    for (index, block) in bytes.chunks_exact(54).enumerate() {
        let (digits, scale) = block.split_at(52);
        set_scale(row, index, scale);
        let mut codes = [0; SUPER_BLOCK_GROUPS * GROUP];
        let mut rest = codes.as_mut_slice();
        for (bytes, count) in [(&digits[..32], 5), (&digits[32..48], 5), (&digits[48..], 4)] {
            let mut power = 1u8;
            for _ in 0..count {
                let (these, after) = rest.split_at_mut(bytes.len());
                for (code, byte) in these.iter_mut().zip(bytes) {
                    *code = ((u16::from(byte.wrapping_mul(power)) * 3) >> 8) as u8;
                }
                power = power.wrapping_mul(3);
                rest = after;
            }
        }
        for (group, codes) in codes.chunks_exact(GROUP).enumerate() {
            let quads = |i: usize| (0..4).fold(0, |all, quad| all | word(codes, 4 * i + quad) << (2 * quad));
            row.set_codes(index * SUPER_BLOCK_GROUPS + group, 0, [quads(0), quads(1)]);
        }
    }
}

/// Sets the scale of a super-block as scale and minimum of each half of a group.
fn set_scale(row: &mut Row<'_>, index: usize, scale: &[u8]) {
    let scale = u32::from(pair(scale, 0));
    row.set_super_block(index, scale | scale << 16, [[0x11; 2]; SUPER_BLOCK_GROUPS]);
}
