//! The header of a GGUF file: its metadata and its tensor directory.

use super::{Metadata, TensorType};

/// One entry of the tensor directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TensorInfo {
    /// The tensor's name, such as `blk.0.attn_q.weight`.
    pub name: String,
    /// The type in which the file stores the weights.
    pub kind: TensorType,
    /// The 1 to 4 dimensions in GGUF order: the row length, which moves fastest, first.
    pub shape: Vec<u64>,
    /// The offset of the tensor's bytes from the start of the data section ([`Header::data_offset`]).
    pub offset: u64,
    /// The number of bytes that the tensor takes.
    pub bytes: u64,
}

impl TensorInfo {
    /// The number of weights in a row.
    #[must_use]
    pub fn row_len(&self) -> u64 {
        self.shape.first().copied().unwrap_or(1)
    }

    /// The number of rows, over all outer dimensions.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.shape.iter().skip(1).fold(1, |rows, dimension| rows.saturating_mul(*dimension))
    }

    /// The number of bytes a row takes.
    #[must_use]
    pub fn row_bytes(&self) -> u64 {
        (self.row_len() / self.kind.block_len() as u64).saturating_mul(self.kind.block_bytes() as u64)
    }
}

/// Everything in a GGUF file before the tensors' bytes.
#[derive(Clone, Debug, PartialEq)]
pub struct Header {
    /// The version of the format: 2 or 3.
    pub version: u32,
    /// The metadata, by key.
    pub metadata: Metadata,
    /// The tensor directory, in the file's order; the data may lie in another order.
    pub tensors: Vec<TensorInfo>,
    /// The alignment of the tensors' offsets in bytes (`general.alignment`, 32 by default).
    pub alignment: u32,
    /// The start of the data section in bytes from the start of the file; without tensors, the end of the header.
    pub data_offset: u64,
}

impl Header {
    /// The tensor of this name.
    #[must_use]
    pub fn tensor(&self, name: &str) -> Option<&TensorInfo> {
        self.tensors.iter().find(|tensor| tensor.name == name)
    }

    /// The length of a complete file in bytes: up to the end of the last tensor, without the padding that may follow.
    #[must_use]
    pub fn file_len(&self) -> u64 {
        let ends = self.tensors.iter().map(|tensor| tensor.offset.saturating_add(tensor.bytes));
        self.data_offset.saturating_add(ends.max().unwrap_or(0))
    }
}
