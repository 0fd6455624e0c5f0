//! What converting a model to GGUF changes about a tensor's bytes, done as they arrive.
//!
//! Source: `modify_tensors` of <https://github.com/ggml-org/llama.cpp/blob/master/convert_hf_to_gguf.py>.

use std::borrow::Cow;

use crate::gguf::{TensorType, floats};

/// How a tensor's bytes in its file become those in GGUF.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rewrite {
    /// They are the same.
    None,
    /// Rotary position embedding turns the values of a head in pairs. Hugging Face's stand half a head apart, GGUF's (for some
    /// architectures) side by side: rows 0, 1, 2, ... of a head become 0, `rows / 2`, 1, `rows / 2 + 1`, ...
    PairRows {
        /// Rows of a head.
        rows: usize,
        /// Bytes of a row.
        row_bytes: usize,
    },
    /// Weights of this type become F32 with 1 added: what a norm of Gemma multiplies by.
    AddOne {
        /// How the file has them.
        kind: TensorType,
        /// Bytes of all of them in the file.
        bytes: usize,
    },
}

impl Rewrite {
    /// The type in GGUF of a tensor of type `kind` in its file.
    pub(crate) fn kind(self, kind: TensorType) -> TensorType {
        if matches!(self, Self::AddOne { .. }) { TensorType::F32 } else { kind }
    }

    /// The bytes of the file that are rewritten together; `None` where none are.
    fn unit(self) -> Option<usize> {
        match self {
            Self::None => None,
            Self::PairRows { rows, row_bytes } => Some(rows * row_bytes),
            Self::AddOne { bytes, .. } => Some(bytes),
        }
    }

    /// A whole unit, rewritten.
    fn apply(self, unit: &[u8]) -> Vec<u8> {
        match self {
            Self::None => unit.to_vec(),
            Self::PairRows { row_bytes, .. } => {
                let (first, second) = unit.split_at(unit.len() / 2);
                let pairs = first.chunks(row_bytes).zip(second.chunks(row_bytes));
                pairs.flat_map(|(first, second)| [first, second]).flatten().copied().collect()
            }
            Self::AddOne { kind, .. } => {
                let values = floats(kind, unit).unwrap_or_default();
                values.into_iter().flat_map(|value| (value + 1.0).to_le_bytes()).collect()
            }
        }
    }
}

/// The part of a unit that has arrived.
#[derive(Debug, Default)]
pub(super) struct Pending(Vec<u8>);

impl Pending {
    /// Takes the bytes of a tensor that follow its first `offset`; returns those that are ready, and where they go.
    pub(super) fn push<'a>(&mut self, rewrite: Rewrite, offset: u64, bytes: &'a [u8]) -> Option<(u64, Cow<'a, [u8]>)> {
        let Some(unit) = rewrite.unit().map(|unit| unit.max(1)) else { return Some((offset, Cow::Borrowed(bytes))) };
        let first = offset - self.0.len() as u64;
        self.0.extend_from_slice(bytes);
        let ready = self.0.len() / unit * unit;
        if ready == 0 {
            return None;
        }
        let rewritten = self.0[..ready].chunks(unit).flat_map(|unit| rewrite.apply(unit)).collect();
        self.0.drain(..ready);
        Some((first, Cow::Owned(rewritten)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All that comes out of `bytes` in pieces of `size`, held against the offsets.
    fn rewritten(rewrite: Rewrite, bytes: &[u8], size: usize) -> Vec<u8> {
        let (mut pending, mut all) = (Pending::default(), Vec::new());
        for (index, piece) in bytes.chunks(size).enumerate() {
            if let Some((offset, bytes)) = pending.push(rewrite, (index * size) as u64, piece) {
                assert_eq!(offset, all.len() as u64);
                all.extend_from_slice(&bytes);
            }
        }
        all
    }

    #[test]
    fn rows_of_a_head_pair_up_in_pieces_of_any_size() {
        // Two heads of four rows of two bytes.
        let rows: Vec<u8> = (0..16).collect();
        let paired = [0, 1, 4, 5, 2, 3, 6, 7, 8, 9, 12, 13, 10, 11, 14, 15];
        for size in [1, 3, 8, 11, 16] {
            assert_eq!(rewritten(Rewrite::PairRows { rows: 4, row_bytes: 2 }, &rows, size), paired, "{size}");
            assert_eq!(rewritten(Rewrite::None, &rows, size), rows, "{size}");
        }
    }

    #[test]
    fn one_is_added_in_f32() {
        let bytes: Vec<u8> = [half::bf16::from_f32(-0.5), half::bf16::from_f32(2.0)]
            .iter()
            .flat_map(|value| value.to_bits().to_le_bytes())
            .collect();
        let expected: Vec<u8> = [0.5_f32, 3.0].iter().flat_map(|value| value.to_le_bytes()).collect();
        for size in [1, 3, 4] {
            assert_eq!(
                rewritten(Rewrite::AddOne { kind: TensorType::BF16, bytes: 4 }, &bytes, size),
                expected,
                "{size}"
            );
        }
    }
}
