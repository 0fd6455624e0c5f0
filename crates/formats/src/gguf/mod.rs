//! GGUF files: the streaming reader, their metadata and their tensor types.
//!
//! The format: <https://github.com/ggml-org/ggml/blob/master/docs/gguf.md>. In short: magic, version and two counts; the
//! metadata entries; the tensor directory; and, from the next multiple of the alignment, the tensors' bytes.

mod cursor;
mod directory;
mod extents;
mod header;
pub(crate) mod limits;
mod metadata;
mod parser;
mod reader;
mod value;
mod writer;

use std::fmt::{self, Display};

pub(crate) use extents::{Extent, Extents};
pub use header::{Header, TensorInfo};
pub use metadata::{Array, Metadata, Strings, Value};
pub(crate) use parser::{Parser, skip};
pub use reader::{Event, Reader};
pub use wgslm_shaders::packing::{PackedRows, float_kind, floats, groups_in, supported_types};
pub use wgslm_shaders::{TensorType, weight_format};
pub(crate) use writer::rewritten_head;

use crate::Error;

/// The error for a file that contradicts the format at `offset`.
fn malformed(what: impl Display, offset: u64, reason: impl Into<String>) -> Error {
    Error::InvalidGguf { what: what.to_string(), offset, reason: reason.into() }
}

/// The error for a file that needs something unsupported at `offset`.
fn unsupported(what: impl Display, offset: u64, reason: impl Into<String>) -> Error {
    Error::UnsupportedGguf { what: what.to_string(), offset, reason: reason.into() }
}

/// Text of a file, for error messages: quoted, escaped and shortened.
#[derive(Clone, Copy)]
pub(crate) struct Quoted<'a>(pub(crate) &'a str);

impl Display for Quoted<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MAX_CHARS: usize = 80;
        let end = self.0.char_indices().nth(MAX_CHARS).map_or(self.0.len(), |(end, _)| end);
        let (shown, rest) = self.0.split_at(end);
        write!(formatter, "{shown:?}{}", if rest.is_empty() { "" } else { "..." })
    }
}
