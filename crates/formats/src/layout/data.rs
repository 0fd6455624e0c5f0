//! The tensors' bytes as their files arrive.

use std::borrow::Cow;

use super::rewrite::{Pending, Rewrite};
use crate::gguf::Extents;
use crate::{Error, Result};

/// What a tensor of a file is in the model: a whole tensor, or a part of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    /// The model's tensor, by its place in the header; `None` for one that the model has no use for.
    pub(crate) tensor: Option<usize>,
    /// Where it starts in that tensor, in bytes.
    pub(crate) offset: u64,
    /// What becomes of its bytes.
    pub(crate) rewrite: Rewrite,
}

impl Piece {
    /// A tensor that the model has no use for.
    pub(crate) const LEFT_OUT: Self = Self { tensor: None, offset: 0, rewrite: Rewrite::None };

    /// The whole of a tensor, as it is.
    pub(crate) fn whole(tensor: usize) -> Self {
        Self { tensor: Some(tensor), offset: 0, rewrite: Rewrite::None }
    }
}

/// A tensor that is in no file, made from the metadata.
pub(crate) struct Constant {
    /// Its place in the header.
    pub(crate) tensor: usize,
    /// Its bytes.
    pub(crate) bytes: Vec<u8>,
}

/// Bytes of one of the model's tensors.
pub(crate) struct TensorBytes<'a> {
    /// The tensor, by its place in the header.
    pub(crate) tensor: usize,
    /// Where in the tensor they lie.
    pub(crate) offset: u64,
    /// The bytes, at least one.
    pub(crate) bytes: Cow<'a, [u8]>,
}

/// A file with tensors.
pub(crate) struct DataFile {
    pub(crate) name: String,
    /// Where its data starts.
    pub(crate) data_offset: u64,
    extents: Extents,
    /// What the tensors of `extents` are.
    pieces: Vec<Piece>,
    pending: Pending,
}

impl DataFile {
    /// A file called `name` whose data starts at `data_offset`, with a piece for each place in the directory.
    pub(crate) fn new(name: String, data_offset: u64, extents: Extents, pieces: Vec<Piece>) -> Self {
        Self { name, data_offset, extents, pieces, pending: Pending::default() }
    }

    /// The next bytes of a tensor; `None` when `input`, which starts at `position`, is used up.
    pub(crate) fn read<'a>(&mut self, input: &mut &'a [u8], position: &mut u64) -> Option<TensorBytes<'a>> {
        loop {
            let arrived = self.extents.next(input, position)?;
            let Some(Piece { tensor: Some(tensor), offset, rewrite }) = self.pieces.get(arrived.tensor).copied() else {
                continue;
            };
            if let Some((within, bytes)) = self.pending.push(rewrite, arrived.offset, arrived.bytes) {
                return Some(TensorBytes { tensor, offset: offset + within, bytes });
            }
        }
    }

    /// Says whether the file was complete, which ended at `position`.
    pub(crate) fn end(&self, position: u64) -> Result<()> {
        self.extents.ended_early(position, Some(&self.name)).map_or(Ok(()), Err::<(), Error>)
    }
}
