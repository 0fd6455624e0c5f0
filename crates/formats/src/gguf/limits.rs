//! Limits on the size of a header. Real files stay far below each of these; a file that announces more is damaged or hostile, and
//! is refused before memory is allocated for it.

/// The largest header in bytes. A vocabulary of 262,144 tokens with its merges takes about 20 MB.
pub(crate) const MAX_HEADER_LEN: u64 = 64 << 20;
/// The most metadata entries; real files have dozens.
pub(crate) const MAX_METADATA: u64 = 1 << 16;
/// The most elements of one metadata array; the merges of the largest vocabularies are about half a million.
pub(crate) const MAX_ARRAY_LEN: u64 = 1 << 22;
/// The most tensors; real files have hundreds or a few thousand.
pub(crate) const MAX_TENSORS: u64 = 1 << 16;
/// The longest metadata key in bytes: the format's own limit.
pub(crate) const MAX_KEY_LEN: u64 = (1 << 16) - 1;
/// The longest tensor name in bytes: the format allows 64, and tools have gone beyond it.
pub(crate) const MAX_TENSOR_NAME_LEN: u64 = 256;
/// The most dimensions of a tensor: the format's own limit.
pub(crate) const MAX_DIMENSIONS: u32 = 4;
