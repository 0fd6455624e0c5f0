//! Reads repacked weights.

use crate::format::{
    Codes, DOUBLE_QUANTISED_GROUPS, DOUBLE_QUANTISED_WORDS, GROUP, SUPER_BLOCK_GROUPS, SUPER_BLOCK_SCALE_WORDS, Scales,
    TABLE, Table, WeightFormat, interleaved,
};
use crate::fragments::numbers::{half_of, upper_half_of};
use crate::layout::WeightLayout;

/// Token `row` of a repacked matrix of `groups` groups a row, dequantised.
#[must_use]
pub fn weight_row(layout: WeightLayout, codes: &[u32], scales: &[u32], row: usize, groups: usize) -> Vec<f32> {
    let format = layout.format;
    let words = |plane: &[u32], count: usize| -> Vec<u32> {
        (0..count).map(|word| plane[interleaved(row, word, count, layout.interleave as usize)]).collect()
    };
    let row = Token {
        format,
        groups,
        codes: words(codes, groups * format.code_words()),
        scales: words(scales, format.scale_words(groups)),
    };
    (0..groups * GROUP).map(|k| row.weight(k / GROUP, k % GROUP)).collect()
}

struct Token {
    format: WeightFormat,
    groups: usize,
    codes: Vec<u32>,
    scales: Vec<u32>,
}

impl Token {
    /// Weight `k` of a group.
    fn weight(&self, group: usize, k: usize) -> f32 {
        let word = |word: usize| self.code_word(group, word);
        let value = match self.format.codes() {
            Codes::Words => return f32::from_bits(word(k)),
            Codes::Halves if self.format == WeightFormat::BF16 => return upper_half_of(word(k / 2), k % 2),
            Codes::Halves => return half_of(word(k / 2), k % 2),
            Codes::Bytes => i32::from(word(k / 4).to_le_bytes()[k % 4] as i8),
            Codes::Planes(bits) => {
                let code = self.code(group, k, bits);
                match self.format.table() {
                    Table::None => code as i32 - self.format.zero(),
                    Table::Fixed(table) => table[code].into(),
                    Table::OfMatrix => self.entry(code).into(),
                }
            }
        };
        let (scale, minimum) = self.scale(group, k / (GROUP / 2));
        let product = scale * value as f32;
        minimum.map_or(product, |minimum| product + minimum)
    }

    fn code_word(&self, group: usize, word: usize) -> u32 {
        self.codes[self.format.code_word(self.groups, group, word)]
    }

    /// A code of some bits, from the planes that hold four, two and one of them.
    fn code(&self, group: usize, k: usize, bits: u32) -> usize {
        let (half, quad, byte) = (k / 16, k / 4, k % 4);
        let mut code = 0;
        let (mut have, mut word) = (0, 0);
        if bits >= 4 {
            code = (self.code_word(group, quad % 4) >> (8 * byte + 4 * half)) & 15;
            (have, word) = (4, 4);
        }
        if bits - have >= 2 {
            code |= ((self.code_word(group, word + half) >> (8 * byte + 2 * (quad % 4))) & 3) << have;
            have += 2;
        }
        if bits > have {
            let odd_bits = self.scales[self.format.pure_scale_words(self.groups) + group];
            code |= ((odd_bits >> (8 * byte + quad)) & 1) << have;
        }
        code as usize
    }

    /// An entry of the table that ends the row.
    fn entry(&self, code: usize) -> i8 {
        let first = self.scales.len() - TABLE / 4;
        self.scales[first + code / 4].to_le_bytes()[code % 4] as i8
    }

    /// The scale of a half of a group and its minimum, if there is one.
    fn scale(&self, group: usize, half: usize) -> (f32, Option<f32>) {
        let block = group / SUPER_BLOCK_GROUPS * SUPER_BLOCK_SCALE_WORDS;
        let factor = |i: usize| half_of(self.scales[block], i);
        let byte = |i: usize| self.scales[block + 1 + group % SUPER_BLOCK_GROUPS / 2].to_le_bytes()[group % 2 * 2 + i];
        match self.format.scales() {
            Scales::None => (1.0, None),
            Scales::Halves => (half_of(self.scales[group / 2], group % 2), None),
            Scales::UpperHalves => (upper_half_of(self.scales[group / 2], group % 2), None),
            Scales::WithMinimum => (half_of(self.scales[group], 0), Some(half_of(self.scales[group], 1))),
            Scales::Bytes => {
                let block = group / DOUBLE_QUANTISED_GROUPS * DOUBLE_QUANTISED_WORDS;
                let word = self.scales[block + 1 + group % DOUBLE_QUANTISED_GROUPS / 4];
                (f32::from_bits(self.scales[block]) * f32::from(word.to_le_bytes()[group % 4] as i8), None)
            }
            Scales::SuperBlocks => (factor(0) * f32::from(byte(0)), Some(-factor(1) * f32::from(byte(1)))),
            Scales::SuperBlocksOfHalves => (f32::from_bits(self.scales[block]) * f32::from(byte(half) as i8), None),
            Scales::SuperBlocksOfNibbles => {
                (factor(0) * f32::from(byte(half) & 15), Some(-factor(1) * f32::from(byte(half) >> 4)))
            }
        }
    }
}
