//! From a tensor's blocks in the file to the planes its kernels read. Nothing is re-rounded.
//!
//! Blocks: <https://github.com/ggml-org/ggml/blob/master/src/ggml-common.h>. Planes: [`wgslm_shaders::format`].

use half::{bf16, f16};
use wgslm_shaders::WeightFormat;
use wgslm_shaders::format::{GROUP, SUPER_BLOCK_GROUPS, SUPER_BLOCK_SCALE_WORDS, interleaved};

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
        TensorType::Q4_K => Some(WeightFormat::Q4_K),
        TensorType::Q6_K => Some(WeightFormat::Q6_K),
        _ => None,
    }
}

/// The names of the types that can be run, for messages.
#[must_use]
pub fn supported_types() -> String {
    "F32, F16, BF16, Q4_0, Q4_1, Q8_0, Q4_K, Q6_K".to_owned()
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
            WeightFormat::Q4_K => self.pack_q4_k(row, bytes),
            WeightFormat::Q6_K => self.pack_q6_k(row, bytes),
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

    /// Super-blocks: f16 d and dmin, 12 bytes of scales and minima, nibbles of 64 weights in 32 bytes: low ones, then high ones.
    fn pack_q4_k(&mut self, row: usize, bytes: &[u8]) {
        for (index, block) in bytes.chunks_exact(144).enumerate() {
            let (factors, rest) = block.split_at(4);
            let (packed, codes) = rest.split_at(12);
            let scales = std::array::from_fn(|group| {
                let (scale, minimum) = scale_and_minimum(packed, group);
                [scale, minimum]
            });
            self.set_scales(row, index, word_of(factors), scales);
            for group in 0..SUPER_BLOCK_GROUPS {
                let quads = &codes[group / 2 * 32..][..32];
                self.set_nibbles(row, index * SUPER_BLOCK_GROUPS + group, quads, group % 2);
            }
        }
    }

    /// Super-blocks: nibbles, pairs of upper bits, signed scales of 16 weights each, f16 d. Each half of 128 weights has 64 bytes
    /// of nibbles, which hold its groups 0 and 1 in their low and 2 and 3 in their high halves, and 32 bytes of upper bits, whose
    /// k-th pair belongs to group k.
    fn pack_q6_k(&mut self, row: usize, bytes: &[u8]) {
        for (index, block) in bytes.chunks_exact(210).enumerate() {
            let (nibbles, rest) = block.split_at(128);
            let (upper, rest) = rest.split_at(64);
            let (scales, factor) = rest.split_at(16);
            let scales = std::array::from_fn(|group| [scales[2 * group], scales[2 * group + 1]]);
            self.set_scales(row, index, word_of(factor), scales);
            for group in 0..SUPER_BLOCK_GROUPS {
                let (half, k) = (group / 4, group % 4);
                let at = index * SUPER_BLOCK_GROUPS + group;
                self.set_nibbles(row, at, &nibbles[64 * half + 32 * (k % 2)..][..32], k / 2);
                for (word, quads) in upper[32 * half..][..32].chunks_exact(16).enumerate() {
                    let pairs = quads.chunks_exact(4).zip((0..).step_by(2));
                    let joined =
                        pairs.fold(0, |all, (quad, shift)| all | ((word_of(quad) >> (2 * k)) & 0x0303_0303) << shift);
                    self.set_code(row, (at, 4 + word), joined);
                }
            }
        }
    }

    /// The nibbles of a group, from 32 bytes whose low (0) or high (1) halves they are, weight by weight.
    fn set_nibbles(&mut self, row: usize, group: usize, bytes: &[u8], half: usize) {
        for word in 0..4 {
            let nibbles = |at: usize| (word_of(&bytes[4 * at..][..4]) >> (4 * half)) & 0x0f0f_0f0f;
            self.set_code(row, (group, word), nibbles(word) | nibbles(word + 4) << 4);
        }
    }

    /// The scales of a super-block: its factors, and two bytes for each group.
    fn set_scales(&mut self, row: usize, block: usize, factors: u32, groups: [[u8; 2]; SUPER_BLOCK_GROUPS]) {
        let words = self.format.scale_words(self.groups);
        let mut set = |word: usize, value: u32| {
            let word = block * SUPER_BLOCK_SCALE_WORDS + word;
            self.scales[interleaved(row, word, words, self.interleave)] = value;
        };
        set(0, factors);
        for (pair, groups) in groups.chunks_exact(2).enumerate() {
            set(1 + pair, word_of(groups.as_flattened()));
        }
    }

    fn set_code(&mut self, row: usize, (group, word): (usize, usize), value: u32) {
        let words = self.groups * self.format.code_words();
        let word = self.format.code_word(self.groups, group, word);
        self.codes[interleaved(row, word, words, self.interleave)] = value;
    }
}

/// The scale and the minimum of a group of Q4_K: `get_scale_min_k4` of
/// <https://github.com/ggml-org/ggml/blob/master/src/ggml-quants.c>.
fn scale_and_minimum(packed: &[u8], group: usize) -> (u8, u8) {
    match group.checked_sub(4) {
        None => (packed[group] & 63, packed[group + 4] & 63),
        Some(i) => (packed[i + 8] & 15 | packed[i] >> 6 << 4, packed[i + 8] >> 4 | packed[i + 4] >> 6 << 4),
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

#[cfg(test)]
mod tests {
    use wgslm_shaders::WeightLayout;
    use wgslm_shaders::cpu::weight_row;

    use super::*;

    fn half(bytes: &[u8]) -> f32 {
        f16::from_le_bytes([bytes[0], bytes[1]]).to_f32()
    }

    /// `dequantize_row_q4_K` of ggml-quants.c.
    fn q4_k(block: &[u8]) -> Vec<f32> {
        let (d, dmin, scales, codes) = (half(block), half(&block[2..]), &block[4..16], &block[16..]);
        let weight = |k: usize| {
            let group = k / 32;
            let (scale, minimum) = if group < 4 {
                (scales[group] & 63, scales[group + 4] & 63)
            } else {
                let (low, high) = (scales[group + 4] & 15, scales[group + 4] >> 4);
                (low | (scales[group - 4] >> 6) << 4, high | (scales[group] >> 6) << 4)
            };
            let byte = codes[group / 2 * 32 + k % 32];
            let code = if group.is_multiple_of(2) { byte & 15 } else { byte >> 4 };
            d * f32::from(scale) * f32::from(code) - dmin * f32::from(minimum)
        };
        (0..256).map(weight).collect()
    }

    /// `dequantize_row_q6_K` of ggml-quants.c.
    fn q6_k(block: &[u8]) -> Vec<f32> {
        let (low, high, scales, d) = (&block[..128], &block[128..192], &block[192..208], half(&block[208..]));
        let weight = |k: usize| {
            let (n, part, l) = (k / 128, k % 128 / 32, k % 32);
            let byte = low[64 * n + 32 * (part % 2) + l];
            let nibble = if part < 2 { byte & 15 } else { byte >> 4 };
            let code = nibble | ((high[32 * n + l] >> (2 * part)) & 3) << 4;
            d * f32::from(scales[8 * n + 2 * part + l / 16] as i8) * (f32::from(code) - 32.0)
        };
        (0..256).map(weight).collect()
    }

    #[test]
    fn super_blocks_dequantise_as_the_files_do() {
        type Definition = fn(&[u8]) -> Vec<f32>;
        let cases: [(TensorType, Definition, &[usize]); 2] =
            [(TensorType::Q4_K, q4_k, &[0, 2]), (TensorType::Q6_K, q6_k, &[208])];
        for (kind, definition, halves) in cases {
            let mut state = 12_345u32;
            let mut byte = || {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 24) as u8
            };
            let mut blocks: Vec<u8> = (0..3 * kind.block_bytes()).map(|_| byte()).collect();
            for block in blocks.chunks_exact_mut(kind.block_bytes()) {
                for (i, at) in halves.iter().enumerate() {
                    block[*at..at + 2].copy_from_slice(&f16::from_f32(0.013 + 0.4 * i as f32).to_le_bytes());
                }
            }
            let expected: Vec<f32> = blocks.chunks_exact(kind.block_bytes()).flat_map(definition).collect();
            let format = weight_format(kind).expect("it can be run");
            for interleave in [1, 32] {
                let mut packed = PackedRows::new(format, interleave, 24, 32);
                packed.pack(5, &blocks);
                let layout = WeightLayout { format, interleave: interleave as u32 };
                assert_eq!(weight_row(layout, &packed.codes, &packed.scales, 5, 24), expected, "{kind} {interleave}");
            }
        }
    }
}
