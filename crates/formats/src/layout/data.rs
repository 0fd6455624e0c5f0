//! The tensors' bytes as their files arrive.

use std::borrow::Cow;

use super::Upcoming;
use super::rewrite::{Pending, Rewrite};
use crate::gguf::Extents;
use crate::{Error, Result};

/// Bytes that are looked ahead for tensors to be rewritten: models may have many thousands.
const LOOK_AHEAD: u64 = 64 << 20;

/// The place of a file's tensor in the model: it is one of the model's tensors, or a slice of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    /// The index of the model's tensor in the header; `None` for a tensor that the model has no use for.
    pub(crate) tensor: Option<usize>,
    /// The start of this piece in the model's tensor, in bytes.
    pub(crate) offset: u64,
    /// The rewrite of the bytes.
    pub(crate) rewrite: Rewrite,
}

impl Piece {
    /// A tensor that the model has no use for.
    pub(crate) const LEFT_OUT: Self = Self { tensor: None, offset: 0, rewrite: Rewrite::None };

    /// A whole tensor, unchanged.
    pub(crate) fn whole(tensor: usize) -> Self {
        Self { tensor: Some(tensor), offset: 0, rewrite: Rewrite::None }
    }
}

/// A tensor that is made from the metadata rather than read from a file.
pub(crate) struct Constant {
    /// The tensor's index in the header.
    pub(crate) tensor: usize,
    /// The tensor's bytes.
    pub(crate) bytes: Vec<u8>,
}

/// Bytes of one of the model's tensors.
pub(crate) struct TensorBytes<'a> {
    /// The tensor's index in the header.
    pub(crate) tensor: usize,
    /// The offset of these bytes in the tensor.
    pub(crate) offset: u64,
    /// The bytes, at least one.
    pub(crate) bytes: Cow<'a, [u8]>,
}

/// A file with tensors.
pub(crate) struct DataFile {
    pub(crate) name: String,
    /// The start of the data in the file.
    pub(crate) data_offset: u64,
    extents: Extents,
    /// The piece of the model that each tensor of the file's directory is.
    pieces: Vec<Piece>,
    pending: Pending,
}

impl DataFile {
    /// A file called `name` whose data starts at `data_offset`, with a piece for each entry of its directory.
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

    /// The bytes that follow `position`; `None` where they are rewritten, and after the last tensor.
    pub(crate) fn upcoming(&self, position: u64) -> Option<Upcoming> {
        let as_it_is = |tensor: usize| self.pieces.get(tensor).filter(|piece| piece.rewrite == Rewrite::None);
        let mut coming = self.extents.upcoming(position);
        let (index, next) = coming.next()?;
        let piece = as_it_is(index)?;
        let mut run = next.gap + next.bytes;
        for (_, next) in coming.take_while(|(index, _)| as_it_is(*index).is_some()) {
            if run >= LOOK_AHEAD {
                break;
            }
            run += next.gap + next.bytes;
        }
        Some(Upcoming { tensor: piece.tensor, offset: piece.offset + next.offset, run, ..next })
    }

    /// Passes over the bytes up to `position`, which have been taken elsewhere.
    pub(crate) fn pass(&mut self, position: u64) {
        self.extents.pass(position);
    }

    /// Checks that a file which ended at `position` is complete.
    pub(crate) fn end(&self, position: u64) -> Result<()> {
        self.extents.ended_early(position, Some(&self.name)).map_or(Ok(()), Err::<(), Error>)
    }
}
