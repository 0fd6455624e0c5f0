//! The streaming reader: bytes in, events out.

use std::mem;

use super::{
    Header, Quoted,
    directory::Extent,
    malformed,
    parser::{Parser, skip},
};
use crate::{Error, Result};

/// What [`Reader::read`] found.
#[derive(Debug)]
pub enum Event<'a> {
    /// The metadata and the tensor directory: once, before everything else.
    Header(Header),
    /// Bytes of a tensor. Tensors come in the order in which they lie in the file, which need not be that of the
    /// directory; a tensor's bytes come in order and without gaps. Its last ones reach its length: then
    /// `offset + bytes.len()` equals [`TensorInfo::bytes`](super::TensorInfo::bytes).
    Data {
        /// The tensor, as an index into [`Header::tensors`].
        tensor: usize,
        /// Where in the tensor these bytes lie.
        offset: u64,
        /// The bytes, at least one, borrowed from the input.
        bytes: &'a [u8],
    },
}

/// Reads a GGUF file of version 2 or 3 whose bytes arrive in pieces of any size.
///
/// The header is handed out by value and the tensors' bytes are never copied: the reader itself keeps no more than an
/// unfinished item of the header and where the tensors lie. What it allocates is bounded by a small multiple of the
/// bytes that have arrived, whatever lengths the file announces.
///
/// ```
/// # fn load(pieces: impl Iterator<Item = Vec<u8>>) -> wgslm::Result<()> {
/// use wgslm::gguf::{Event, Reader};
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
    Data { extents: Vec<Extent>, current: usize },
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
    /// [`Error::NotGguf`], [`Error::UnsupportedVersion`], [`Error::UnsupportedGguf`], [`Error::UnsupportedTensorType`]
    /// and [`Error::InvalidGguf`]: the file is of no use, and neither is the reader from then on.
    pub fn read<'a>(&mut self, input: &mut &'a [u8]) -> Result<Option<Event<'a>>> {
        // The stage is put back unless reading fails.
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
                self.stage = Stage::Data { extents, current: 0 };
                Ok(Some(Event::Header(header)))
            }
            Stage::Data { extents, mut current } => {
                let event = next_data(&extents, &mut current, input, &mut self.position);
                self.stage = Stage::Data { extents, current };
                Ok(event)
            }
            Stage::Failed => Err(already_failed(self.position)),
        }
    }

    /// Says whether the file was complete.
    ///
    /// # Errors
    /// [`Error::Truncated`] where bytes are missing, but for padding after the last tensor.
    pub fn finish(self) -> Result<()> {
        match self.stage {
            Stage::Header(parser) => Err(parser.ended_early(self.position)),
            Stage::Data { extents, current } => extents.get(current).map_or(Ok(()), |extent| {
                let what = format!("tensor {} ({} of {})", Quoted(&extent.name), current + 1, extents.len());
                Err(Error::Truncated { what, offset: self.position })
            }),
            Stage::Failed => Err(already_failed(self.position)),
        }
    }
}

/// The next bytes of the current tensor, past the padding before it; `None` when `input` is used up.
fn next_data<'a>(
    extents: &[Extent],
    current: &mut usize,
    input: &mut &'a [u8],
    position: &mut u64,
) -> Option<Event<'a>> {
    let Some(extent) = extents.get(*current) else {
        skip(input, position, usize::MAX);
        return None;
    };
    skip(input, position, saturating_usize(extent.start.saturating_sub(*position)));
    if input.is_empty() {
        return None;
    }
    let offset = *position - extent.start;
    let left = extent.bytes - offset;
    let bytes = input.get(..saturating_usize(left)).unwrap_or(input);
    skip(input, position, bytes.len());
    if bytes.len() as u64 == left {
        *current += 1;
    }
    Some(Event::Data { tensor: extent.tensor, offset, bytes })
}

fn saturating_usize(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

fn already_failed(position: u64) -> Error {
    malformed("the file", position, "reading it has failed before")
}
