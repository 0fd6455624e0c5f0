//! Byte ranges of tensors in a file, and the tensors' bytes as the file arrives.

use super::Quoted;
use super::parser::skip;
use crate::Error;
use crate::layout::Upcoming;

/// The byte range of a tensor in a file.
#[derive(Debug)]
pub(crate) struct Extent {
    /// The tensor's index in the file's directory.
    pub(crate) tensor: usize,
    /// The tensor's name, for errors.
    pub(crate) name: String,
    /// The tensor's first byte, from the start of the file.
    pub(crate) start: u64,
    /// The tensor's length in bytes, at least one.
    pub(crate) bytes: u64,
}

/// The tensors of a file in file order, and the number of those that have arrived.
#[derive(Debug)]
pub(crate) struct Extents {
    extents: Vec<Extent>,
    current: usize,
}

/// Bytes of a tensor.
pub(crate) struct Arrived<'a> {
    /// The tensor's index in the file's directory.
    pub(crate) tensor: usize,
    /// The offset of these bytes in the tensor.
    pub(crate) offset: u64,
    /// The bytes, at least one.
    pub(crate) bytes: &'a [u8],
}

impl Extents {
    /// Tracks `extents`, which are sorted by their start and don't overlap.
    pub(crate) fn new(extents: Vec<Extent>) -> Self {
        Self { extents, current: 0 }
    }

    /// The next bytes of the current tensor; `None` when `input`, which starts at `position` in the file, is used up. Skips the
    /// bytes between tensors, and moves `input` and `position` on.
    pub(crate) fn next<'a>(&mut self, input: &mut &'a [u8], position: &mut u64) -> Option<Arrived<'a>> {
        let Some(extent) = self.extents.get(self.current) else {
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
            self.current += 1;
        }
        Some(Arrived { tensor: extent.tensor, offset, bytes })
    }

    /// The bytes of tensors from `position` on, each with the tensor's index in the file's directory.
    pub(crate) fn upcoming(&self, mut position: u64) -> impl Iterator<Item = (usize, Upcoming)> {
        self.extents.iter().skip(self.current).map(move |Extent { tensor, start, bytes, .. }| {
            let (gap, offset) = (start.saturating_sub(position), position.saturating_sub(*start));
            position = start + bytes;
            (*tensor, Upcoming { gap, offset, bytes: bytes - offset, ..Upcoming::default() })
        })
    }

    /// Passes over the bytes up to `position`, which have been taken elsewhere.
    pub(crate) fn pass(&mut self, position: u64) {
        let passed = |extent: &Extent| extent.start + extent.bytes <= position;
        while self.extents.get(self.current).is_some_and(passed) {
            self.current += 1;
        }
    }

    /// The error for a file that ends at `position`; `None` where it is complete. `file` names it where a model has several
    /// files.
    pub(crate) fn ended_early(&self, position: u64, file: Option<&str>) -> Option<Error> {
        let extent = self.extents.get(self.current)?;
        let file = file.map(|file| format!(" of {}", Quoted(file))).unwrap_or_default();
        let what = format!("tensor {} ({} of {}){file}", Quoted(&extent.name), self.current + 1, self.extents.len());
        Some(Error::Truncated { what, offset: position })
    }
}

fn saturating_usize(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}
