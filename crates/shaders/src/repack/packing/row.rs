//! A row of a packed matrix while it is being written.

use crate::format::{SUPER_BLOCK_GROUPS, SUPER_BLOCK_SCALE_WORDS, TABLE, WeightFormat};

use super::bits::word_of;

/// A packed row, whose consecutive words lie `interleave` words apart.
pub(super) struct Row<'a> {
    pub(super) format: WeightFormat,
    pub(super) groups: usize,
    pub(super) interleave: usize,
    pub(super) codes: &'a mut [u32],
    pub(super) scales: &'a mut [u32],
}

impl Row<'_> {
    /// Sets a word of a group's codes.
    pub(super) fn set_code(&mut self, group: usize, word: usize, value: u32) {
        let word = self.format.code_word(self.groups, group, word);
        self.codes[word * self.interleave] = value;
    }

    /// Sets consecutive words of a group's codes, from `first` on.
    pub(super) fn set_codes<const N: usize>(&mut self, group: usize, first: usize, values: [u32; N]) {
        for (word, value) in values.into_iter().enumerate() {
            self.set_code(group, first + word, value);
        }
    }

    /// Sets the odd bits of a group, in the order of their plane.
    pub(super) fn set_odd_bits(&mut self, group: usize, value: u32) {
        self.set_scale(self.format.pure_scale_words(self.groups) + group, value);
    }

    /// Sets a word of scales.
    pub(super) fn set_scale(&mut self, word: usize, value: u32) {
        self.scales[word * self.interleave] = value;
    }

    /// Sets the scale of a group, where two groups share a word.
    pub(super) fn set_half_scale(&mut self, group: usize, value: u16) {
        self.scales[group / 2 * self.interleave] |= u32::from(value) << (16 * (group % 2));
    }

    /// Sets the scales of a super-block: its factors, and two bytes for each group.
    pub(super) fn set_super_block(&mut self, block: usize, factors: u32, groups: [[u8; 2]; SUPER_BLOCK_GROUPS]) {
        let first = block * SUPER_BLOCK_SCALE_WORDS;
        self.set_scale(first, factors);
        for (pair, groups) in groups.chunks_exact(2).enumerate() {
            self.set_scale(first + 1 + pair, word_of(groups.as_flattened()));
        }
    }

    /// Sets the table at the end of the row.
    pub(super) fn set_table(&mut self, table: &[i8; TABLE]) {
        let first = self.format.scale_words(self.groups) - TABLE / 4;
        for (word, values) in table.chunks_exact(4).enumerate() {
            self.set_scale(first + word, u32::from_le_bytes([0, 1, 2, 3].map(|i| values[i] as u8)));
        }
    }
}
