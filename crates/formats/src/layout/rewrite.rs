//! Rewrites tensor bytes as they arrive, the way converting a model to GGUF changes them.
//!
//! Source: `modify_tensors` of <https://github.com/ggml-org/llama.cpp/blob/master/convert_hf_to_gguf.py>.

use std::borrow::Cow;

use crate::gguf::{TensorType, floats};

/// The rewrite of a tensor's bytes in its file to those in GGUF.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rewrite {
    /// Keeps the bytes.
    None,
    /// Pairs the rows of each head as rotary position embedding turns them. Hugging Face has the two rows of a pair half a head
    /// apart, GGUF (for some architectures) side by side: the rows of a head come in the order 0, `rows / 2`, 1, `rows / 2 + 1`,
    /// ...
    PairRows {
        /// The number of rows in a head.
        rows: usize,
        /// The number of bytes in a row.
        row_bytes: usize,
    },
    /// Converts the weights to F32 and adds 1: the factors that Gemma's norms multiply by.
    AddOne {
        /// The type of the weights in the file.
        kind: TensorType,
        /// The number of bytes of all weights in the file.
        bytes: usize,
    },
}

impl Rewrite {
    /// The GGUF type of a tensor that has type `kind` in its file.
    pub(crate) fn kind(self, kind: TensorType) -> TensorType {
        if matches!(self, Self::AddOne { .. }) { TensorType::F32 } else { kind }
    }

    /// The number of bytes that are rewritten together; `None` where bytes are kept.
    fn unit(self) -> Option<usize> {
        match self {
            Self::None => None,
            Self::PairRows { rows, row_bytes } => Some(rows * row_bytes),
            Self::AddOne { bytes, .. } => Some(bytes),
        }
    }

    /// Rewrites a whole unit.
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
    /// Takes the bytes at `offset` of a tensor; returns the rewritten bytes that are ready, and their offset.
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

    /// The rewritten `bytes` after arriving in pieces of `size`; checks the offsets.
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
