//! The streaming reader: bytes in, events out.

use std::mem;

use super::extents::Arrived;
use super::{Extents, Header, malformed, parser::Parser};
use crate::{Error, Result};

/// An event of [`Reader::read`].
#[derive(Debug)]
pub enum Event<'a> {
    /// The metadata and the tensor directory: once, before everything else.
    Header(Header),
    /// Bytes of a tensor. Tensors come in file order, which need not be that of the directory; a tensor's bytes come in order and
    /// without gaps. The tensor is complete when `offset + bytes.len()` equals [`TensorInfo::bytes`](super::TensorInfo::bytes).
    Data {
        /// The tensor, as an index into [`Header::tensors`].
        tensor: usize,
        /// The offset of these bytes in the tensor.
        offset: u64,
        /// The bytes, at least one, borrowed from the input.
        bytes: &'a [u8],
    },
}

/// Reads a GGUF file of version 2 or 3 whose bytes arrive in pieces of any size.
///
/// The header is returned by value and the tensors' bytes are never copied: the reader itself keeps only an unfinished item of
/// the header and the tensors' byte ranges. Its allocations are bounded by a small multiple of the bytes that have arrived,
/// whatever lengths the file announces.
///
/// ```
/// # fn load(pieces: impl Iterator<Item = Vec<u8>>) -> wgslm_formats::Result<()> {
/// use wgslm_formats::gguf::{Event, Reader};
///
/// let mut reader = Reader::new();
/// for piece in pieces {
///     let mut input = piece.as_slice();
///     while let Some(event) = reader.read(&mut input)? {
///         match event {
///             Event::Header(header) => println!("{} tensors", header.tensors.len()),
///             Event::Data { tensor, offset, bytes } => println!("{tensor}: {} bytes at {offset}", bytes.len()),
///         }
///     }
/// }
/// reader.finish()
/// # }
/// ```
pub struct Reader {
    position: u64,
    stage: Stage,
}

enum Stage {
    Header(Parser),
    Data(Extents),
    Failed,
}

impl Default for Reader {
    fn default() -> Self {
        Self::new()
    }
}

impl Reader {
    /// A reader at the start of a file.
    #[must_use]
    pub fn new() -> Self {
        Self { position: 0, stage: Stage::Header(Parser::new()) }
    }

    /// The number of bytes taken so far.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Takes bytes from the front of `input` up to the next event, and returns it; `None` when `input` is used up.
    ///
    /// # Errors
    /// [`Error::NotGguf`], [`Error::UnsupportedVersion`], [`Error::UnsupportedGguf`], [`Error::UnsupportedTensorType`] and
    /// [`Error::InvalidGguf`]: the file can't be used, and every later call fails too.
    pub fn read<'a>(&mut self, input: &mut &'a [u8]) -> Result<Option<Event<'a>>> {
        // An error leaves the stage at `Failed`.
        match mem::replace(&mut self.stage, Stage::Failed) {
            Stage::Header(mut parser) => {
                if !parser.advance(input, &mut self.position)? {
                    self.stage = Stage::Header(parser);
                    return Ok(None);
                }
                let (header, extents) = parser.finish(self.position)?;
                tracing::debug!(
                    version = header.version,
                    tensors = extents.len(),
                    bytes = self.position,
                    "GGUF header"
                );
                self.stage = Stage::Data(Extents::new(extents));
                Ok(Some(Event::Header(header)))
            }
            Stage::Data(mut extents) => {
                let arrived = extents.next(input, &mut self.position);
                self.stage = Stage::Data(extents);
                Ok(arrived.map(|Arrived { tensor, offset, bytes }| Event::Data { tensor, offset, bytes }))
            }
            Stage::Failed => Err(already_failed(self.position)),
        }
    }

    /// Checks that the file was complete.
    ///
    /// # Errors
    /// [`Error::Truncated`] where bytes are missing, but for padding after the last tensor.
    pub fn finish(self) -> Result<()> {
        match self.stage {
            Stage::Header(parser) => Err(parser.ended_early(self.position)),
            Stage::Data(extents) => extents.ended_early(self.position, None).map_or(Ok(()), Err),
            Stage::Failed => Err(already_failed(self.position)),
        }
    }
}

fn already_failed(position: u64) -> Error {
    malformed("the file", position, "reading it has failed before")
}
