//! The bytes that come next in a file.

/// Bytes that come next in the open file, and that the model has as they lie there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Upcoming {
    /// Bytes of no tensor that come before.
    pub gap: u64,
    /// The tensor, as an index into [`ModelHeader::tensors`](super::ModelHeader::tensors); `None` for one that the model has no use for.
    pub tensor: Option<usize>,
    /// The offset of the bytes in the tensor.
    pub offset: u64,
    /// The number of bytes, at least one.
    pub bytes: u64,
    /// The number of bytes up to a tensor that is rewritten, to the end of the last one or as far as is looked ahead, with the gap and
    /// those of this tensor.
    pub run: u64,
}
