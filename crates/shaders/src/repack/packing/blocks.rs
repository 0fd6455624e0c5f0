//! Packs blocks of one group each: a scale, odd bits in some types, and codes in the order that the kernels read.

use super::bits::{odd_bits, pair, word};
use super::row::Row;

/// Packs blocks of `SCALE` bytes of scale (and minimum), `ODD` bytes of odd bits, and codes.
pub(super) fn pack<const SCALE: usize, const ODD: usize>(row: &mut Row<'_>, bytes: &[u8]) {
    let code_words = row.format.code_words();
    for (group, block) in bytes.chunks_exact(SCALE + ODD + 4 * code_words).enumerate() {
        let (scale, rest) = block.split_at(SCALE);
        let (odd, codes) = rest.split_at(ODD);
        match SCALE {
            1 => row.set_half_scale(group, power_of_two(scale[0])),
            2 => row.set_half_scale(group, pair(scale, 0)),
            _ => row.set_scale(group, word(scale, 0)),
        }
        if ODD > 0 {
            row.set_odd_bits(group, odd_bits(word(odd, 0)));
        }
        for i in 0..code_words {
            row.set_code(group, i, word(codes, i));
        }
    }
}

/// The upper half of an f32: two to the power of an 8-bit exponent (E8M0), halved since the type's table holds doubled values, as
/// `ggml_e8m0_to_fp32_half` of <https://github.com/ggml-org/ggml/blob/master/src/ggml-impl.h>.
fn power_of_two(exponent: u8) -> u16 {
    match exponent {
        // Subnormal numbers.
        0 | 1 => 0x20 << exponent,
        _ => u16::from(exponent - 1) << 7,
    }
}
