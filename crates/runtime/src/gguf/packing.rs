//! From a tensor's blocks in the file to the planes its kernels read. Nothing is re-rounded.
//!
//! Blocks: <https://github.com/ggml-org/ggml/blob/master/src/ggml-common.h>. Planes: [`wgslm_shaders::format`].

use half::{bf16, f16};
use wgslm_shaders::WeightFormat;
use wgslm_shaders::format::{GROUP, interleaved};

use super::TensorType;

/// The format in which a tensor type is kept on the device; `None` for types that can't be run.
#[must_use]
pub fn weight_format(kind: TensorType) -> Option<WeightFormat> {
    match kind {
        TensorType::F32 => Some(WeightFormat::F32),
        TensorType::F16 => Some(WeightFormat::F16),
        TensorType::BF16 => Some(WeightFormat::BF16),
        TensorType::Q4_0 => Some(WeightFormat::Q4_0),
        TensorType::Q4_1 => Some(WeightFormat::Q4_1),
        TensorType::Q8_0 => Some(WeightFormat::Q8_0),
        _ => None,
    }
}

/// The names of the types that can be run, for messages.
#[must_use]
pub fn supported_types() -> String {
    "F32, F16, BF16, Q4_0, Q4_1, Q8_0".to_owned()
}

/// Rows of a matrix that lie side by side on the device, packed.
pub(crate) struct PackedRows {
    format: WeightFormat,
    interleave: usize,
    groups: usize,
    /// The plane of codes of these rows.
    pub(crate) codes: Vec<u32>,
    /// The plane of scales of these rows.
    pub(crate) scales: Vec<u32>,
}

impl PackedRows {
    /// Room for `rows` rows (a multiple of `interleave`) of `groups` groups, all weights zero.
    pub(crate) fn new(format: WeightFormat, interleave: usize, groups: usize, rows: usize) -> Self {
        Self {
            format,
            interleave,
            groups,
            codes: vec![0; rows * groups * format.code_words()],
            scales: vec![0; rows * format.scale_words(groups)],
        }
    }

    /// Packs `bytes`, a row as the file has it, as row `row`.
    pub(crate) fn pack(&mut self, row: usize, bytes: &[u8]) {
        match self.format {
            WeightFormat::F32 | WeightFormat::F16 | WeightFormat::BF16 => {
                // A row of an odd number of 16-bit weights ends in half a word.
                let words = self.format.code_words();
                for (word, chunk) in bytes.chunks(4).enumerate() {
                    self.set_code(row, (word / words, word % words), word_of(chunk));
                }
            }
            WeightFormat::Q4_0 => self.pack_blocks(row, bytes, 2),
            WeightFormat::Q8_0 => self.pack_blocks(row, bytes, 2),
            WeightFormat::Q4_1 => self.pack_blocks(row, bytes, 4),
        }
    }

    /// Blocks of a group each: `scale_bytes` of scale, then the codes in the order that the kernels read.
    fn pack_blocks(&mut self, row: usize, bytes: &[u8], scale_bytes: usize) {
        let code_words = self.format.code_words();
        for (group, block) in bytes.chunks_exact(scale_bytes + 4 * code_words).enumerate() {
            let (scale, codes) = block.split_at(scale_bytes);
            let scales_in_word = 4 / scale_bytes;
            let shift = 8 * scale_bytes * (group % scales_in_word);
            let words = self.format.scale_words(self.groups);
            let index = interleaved(row, group / scales_in_word, words, self.interleave);
            self.scales[index] |= word_of(scale) << shift;
            for (word, chunk) in codes.chunks_exact(4).enumerate() {
                self.set_code(row, (group, word), word_of(chunk));
            }
        }
    }

    fn set_code(&mut self, row: usize, (group, word): (usize, usize), value: u32) {
        let words = self.groups * self.format.code_words();
        let word = self.format.code_word(self.groups, group, word);
        self.codes[interleaved(row, word, words, self.interleave)] = value;
    }
}

/// Up to four bytes, little-endian.
fn word_of(bytes: &[u8]) -> u32 {
    bytes.iter().rev().fold(0, |word, byte| word << 8 | u32::from(*byte))
}

/// The values of an unquantised tensor's bytes; `None` for quantised types.
pub(crate) fn floats(kind: TensorType, bytes: &[u8]) -> Option<Vec<f32>> {
    let halves = || bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
    match kind {
        TensorType::F32 => Some(bytes.chunks_exact(4).map(|chunk| f32::from_bits(word_of(chunk))).collect()),
        TensorType::F16 => Some(halves().map(|bits| f16::from_bits(bits).to_f32()).collect()),
        TensorType::BF16 => Some(halves().map(|bits| bf16::from_bits(bits).to_f32()).collect()),
        _ => None,
    }
}

/// Groups in a row of `row_length` weights.
pub(crate) fn groups_in(row_length: usize) -> usize {
    row_length.div_ceil(GROUP)
}
