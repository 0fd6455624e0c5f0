//! Packs a tensor's blocks in the file into the planes that its kernels read, without rounding anything again.
//!
//! Blocks: <https://github.com/ggml-org/ggml/blob/master/src/ggml-common.h> for their structures,
//! <https://github.com/ggml-org/ggml/blob/master/src/ggml-quants.c> for what they mean. Planes: [`crate::format`].

mod bits;
mod blocks;
mod code_books;
mod grids;
mod k_quants;
mod row;
mod ternary;

pub use grids::GRIDS;

use bits::word_of;
use half::{bf16, f16};
use row::Row;

use crate::format::{GROUP, WeightFormat};
use crate::quantise::FloatKind;
use crate::repack::variants::table;
use crate::tensor_type::{TensorType, weight_format};

/// The names of the types that can be run, for messages.
#[must_use]
pub fn supported_types() -> String {
    let supported = TensorType::ALL.iter().filter(|kind| weight_format(**kind).is_some());
    supported.map(|kind| kind.name()).collect::<Vec<_>>().join(", ")
}

/// Rows of a matrix that lie side by side on the device, packed.
pub struct PackedRows {
    kind: TensorType,
    /// The format of the rows.
    pub format: WeightFormat,
    interleave: usize,
    groups: usize,
    /// The plane of codes of these rows.
    pub codes: Vec<u32>,
    /// The plane of scales of these rows.
    pub scales: Vec<u32>,
}

impl PackedRows {
    /// Allocates `rows` rows (a multiple of `interleave`) of `groups` groups, with all weights zero.
    #[must_use]
    pub fn new(kind: TensorType, interleave: usize, groups: usize, rows: usize) -> Self {
        let format = weight_format(kind).unwrap_or(WeightFormat::F32);
        let codes = vec![0; rows * groups * format.code_words()];
        let scales = vec![0; rows * format.scale_words(groups)];
        Self { kind, format, interleave, groups, codes, scales }
    }

    /// Packs `bytes`, a row as it is in the file, as row `row`.
    pub fn pack(&mut self, row: usize, bytes: &[u8]) {
        let kind = self.kind;
        let row = &mut self.row(row);
        if let Some(table) = table(kind) {
            row.set_table(&table);
        }
        match kind {
            TensorType::Q4_0 | TensorType::IQ4_NL => blocks::pack::<2, 0>(row, bytes),
            TensorType::Q4_1 => blocks::pack::<4, 0>(row, bytes),
            TensorType::Q5_0 => blocks::pack::<2, 4>(row, bytes),
            TensorType::Q5_1 => blocks::pack::<4, 4>(row, bytes),
            TensorType::Q8_0 => blocks::pack::<2, 0>(row, bytes),
            TensorType::MXFP4 => blocks::pack::<1, 0>(row, bytes),
            TensorType::Q2_K => k_quants::pack_q2_k(row, bytes),
            TensorType::Q3_K => k_quants::pack_q3_k(row, bytes),
            TensorType::Q4_K => k_quants::pack_q4_k(row, bytes),
            TensorType::Q5_K => k_quants::pack_q5_k(row, bytes),
            TensorType::Q6_K => k_quants::pack_q6_k(row, bytes),
            TensorType::TQ1_0 => ternary::pack_tq1_0(row, bytes),
            TensorType::TQ2_0 => ternary::pack_tq2_0(row, bytes),
            TensorType::IQ4_XS => code_books::pack_iq4_xs(row, bytes),
            TensorType::IQ3_XXS => code_books::pack_iq3_xxs(row, bytes),
            TensorType::IQ3_S => code_books::pack_iq3_s(row, bytes),
            TensorType::IQ2_XXS => code_books::pack_iq2_xxs(row, bytes),
            TensorType::IQ2_XS => code_books::pack_iq2_xs(row, bytes),
            TensorType::IQ2_S => code_books::pack_iq2_s(row, bytes),
            TensorType::IQ1_S => code_books::pack_iq1_s(row, bytes),
            TensorType::IQ1_M => code_books::pack_iq1_m(row, bytes),
            // Plain floats. A row of an odd number of 16-bit weights ends in half a word.
            _ => {
                let words = row.format.code_words();
                for (word, chunk) in bytes.chunks(4).enumerate() {
                    row.set_code(word / words, word % words, word_of(chunk));
                }
            }
        }
    }

    fn row(&mut self, row: usize) -> Row<'_> {
        let first = |words: usize| row / self.interleave * words * self.interleave + row % self.interleave;
        let codes = first(self.groups * self.format.code_words());
        let scales = first(self.format.scale_words(self.groups));
        Row {
            format: self.format,
            groups: self.groups,
            interleave: self.interleave,
            codes: &mut self.codes[codes..],
            scales: self.scales.get_mut(scales..).unwrap_or_default(),
        }
    }
}

/// The values of an unquantised tensor's bytes; `None` for quantised types.
#[must_use]
pub fn floats(kind: TensorType, bytes: &[u8]) -> Option<Vec<f32>> {
    let halves = || bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
    match kind {
        TensorType::F32 => Some(bytes.chunks_exact(4).map(|chunk| f32::from_bits(word_of(chunk))).collect()),
        TensorType::F16 => Some(halves().map(|bits| f16::from_bits(bits).to_f32()).collect()),
        TensorType::BF16 => Some(halves().map(|bits| bf16::from_bits(bits).to_f32()).collect()),
        _ => None,
    }
}

/// The kind of an unquantised tensor's floats; `None` for quantised types.
#[must_use]
pub fn float_kind(kind: TensorType) -> Option<FloatKind> {
    match kind {
        TensorType::F32 => Some(FloatKind::F32),
        TensorType::F16 => Some(FloatKind::F16),
        TensorType::BF16 => Some(FloatKind::BF16),
        _ => None,
    }
}

/// The number of groups in a row of `row_length` weights.
#[must_use]
pub fn groups_in(row_length: usize) -> usize {
    row_length.div_ceil(GROUP)
}

#[cfg(test)]
mod tests;
