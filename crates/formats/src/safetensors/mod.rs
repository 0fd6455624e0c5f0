//! Safetensors files: the streaming header reader.
//!
//! The format: <https://huggingface.co/docs/safetensors/index#format>. In short: the header's length in 8 bytes; the header,
//! JSON with every tensor's type, shape and place; and the tensors' bytes, one after the other.

mod directory;
mod header;

pub use directory::Entry;
pub(crate) use directory::extents_of;
pub use header::HeaderReader;

use crate::Error;

/// The longest header that is read, in bytes. Those of real files stay below 10 MB.
pub(crate) const MAX_HEADER_LEN: u64 = 64 << 20;
/// The most tensors of a file; real ones have hundreds or a few thousand.
pub(crate) const MAX_TENSORS: usize = 1 << 17;
/// The longest name of a tensor in bytes.
pub(crate) const MAX_NAME_LEN: usize = 512;
/// The most dimensions of a tensor.
pub(crate) const MAX_DIMENSIONS: usize = 8;

fn malformed(file: &str, reason: impl Into<String>) -> Error {
    Error::InvalidSafetensors { file: file.to_owned(), reason: reason.into() }
}
