//! Reads repacked weights.

use half::{bf16, f16};

use crate::format::{GROUP, SUPER_BLOCK_GROUPS, SUPER_BLOCK_SCALE_WORDS, WeightFormat, interleaved};
use crate::variant::WeightLayout;

/// Row `row` of a repacked matrix of `groups` groups a row, dequantised.
#[must_use]
pub fn weight_row(layout: WeightLayout, codes: &[u32], scales: &[u32], row: usize, groups: usize) -> Vec<f32> {
    let format = layout.format;
    let interleave = layout.interleave as usize;
    let word =
        |plane: &[u32], index: usize, words_per_row: usize| plane[interleaved(row, index, words_per_row, interleave)];
    let code = |index: usize| word(codes, index, groups * format.code_words());
    let scale = |index: usize| word(scales, index, format.scale_words(groups));
    (0..groups * GROUP)
        .map(|k| {
            let (group, within) = (k / GROUP, k % GROUP);
            let code = |word: usize| code(format.code_word(groups, group, word));
            let byte = |i: usize| code(i / 4).to_le_bytes()[i % 4];
            let nibble = || f32::from((byte(within % 16) >> (4 * (within / 16))) & 15);
            let factors = || scale(group / SUPER_BLOCK_GROUPS * SUPER_BLOCK_SCALE_WORDS);
            // A byte of the pair of groups that the group is one of; two belong to each.
            let scale_byte = |i: usize| {
                let first = group / SUPER_BLOCK_GROUPS * SUPER_BLOCK_SCALE_WORDS + 1;
                scale(first + group % SUPER_BLOCK_GROUPS / 2).to_le_bytes()[group % 2 * 2 + i]
            };
            let scale_of_pair = || half_of(scale(group / 2), group % 2);
            match format {
                WeightFormat::F32 => f32::from_bits(code(within)),
                WeightFormat::F16 => half_of(code(within / 2), k % 2),
                WeightFormat::BF16 => bf16::from_bits((code(within / 2) >> (16 * (k % 2))) as u16).to_f32(),
                WeightFormat::Q4_0 => scale_of_pair() * (nibble() - 8.0),
                WeightFormat::Q4_1 => half_of(scale(group), 0) * nibble() + half_of(scale(group), 1),
                WeightFormat::Q4_K => {
                    half_of(factors(), 0) * f32::from(scale_byte(0)) * nibble()
                        - half_of(factors(), 1) * f32::from(scale_byte(1))
                }
                WeightFormat::Q6_K => {
                    let (half, quad, i) = (within / 16, within % 16 / 4, within % 4);
                    let upper = (code(4 + half) >> (8 * i + 2 * quad)) & 3;
                    let scale = half_of(factors(), 0) * f32::from(scale_byte(half) as i8);
                    scale * (nibble() + 16.0 * upper as f32 - 32.0)
                }
                WeightFormat::Q8_0 => scale_of_pair() * f32::from(byte(within) as i8),
            }
        })
        .collect()
}

/// The bits of a value as f16; what f16 can't hold becomes the largest that it can.
pub(super) fn half_bits(value: f32) -> u16 {
    f16::from_f32(value.clamp(-65504.0, 65504.0)).to_bits()
}

/// One of the two halves in a word.
pub(crate) fn half_of(word: u32, index: usize) -> f32 {
    f16::from_bits((word >> (16 * index)) as u16).to_f32()
}
