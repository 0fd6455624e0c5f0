//! How much a header may hold. Real files stay far below each of these; a file that announces more is damaged or
//! hostile, and is refused before anything is stored for it.

/// The header as a whole, in bytes. A vocabulary of 262,144 tokens with its merges takes about 20 MB.
pub(crate) const MAX_HEADER_LEN: u64 = 64 << 20;
/// Metadata entries; real files have dozens.
pub(crate) const MAX_METADATA: u64 = 1 << 16;
/// Elements of one metadata array; the merges of the largest vocabularies are about half a million.
pub(crate) const MAX_ARRAY_LEN: u64 = 1 << 22;
/// Tensors; real files have hundreds or a few thousand.
pub(crate) const MAX_TENSORS: u64 = 1 << 16;
/// A metadata key in bytes: the limit that the format sets.
pub(crate) const MAX_KEY_LEN: u64 = (1 << 16) - 1;
/// A tensor's name in bytes: the format says 64, tools have gone beyond it.
pub(crate) const MAX_TENSOR_NAME_LEN: u64 = 256;
/// Dimensions of a tensor: the limit that the format sets.
pub(crate) const MAX_DIMENSIONS: u32 = 4;
