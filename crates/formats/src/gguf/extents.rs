//! Where tensors lie in a file, and their bytes as the file arrives.

use super::Quoted;
use super::parser::skip;
use crate::Error;

/// Where bytes of a tensor lie in a file.
#[derive(Debug)]
pub(crate) struct Extent {
    /// The tensor's place in the file's directory.
    pub(crate) tensor: usize,
    /// Its name, for errors.
    pub(crate) name: String,
    /// Its first byte, from the start of the file.
    pub(crate) start: u64,
    /// Its length in bytes, at least one.
    pub(crate) bytes: u64,
}

/// The tensors of a file, in the order in which they lie in it, and how many have arrived.
#[derive(Debug)]
pub(crate) struct Extents {
    extents: Vec<Extent>,
    current: usize,
}

/// Bytes of a tensor.
pub(crate) struct Arrived<'a> {
    /// Its place in the file's directory.
    pub(crate) tensor: usize,
    /// Where in it these bytes lie.
    pub(crate) offset: u64,
    /// The bytes, at least one.
    pub(crate) bytes: &'a [u8],
}

impl Extents {
    /// `extents` are sorted by their start and don't overlap.
    pub(crate) fn new(extents: Vec<Extent>) -> Self {
        Self { extents, current: 0 }
    }

    /// The next bytes of the current tensor, past what lies before it; `None` when `input`, which starts at `position`, is used
    /// up. Both move on.
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

    /// Why a file that ends at `position` isn't whole, unless it is. `file` names it where there are several.
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
