//! Reads a header as its bytes arrive.

use super::{Entry, MAX_HEADER_LEN, directory, malformed};
use crate::foreign::told_by;
use crate::gguf::skip;
use crate::{Error, Result};

/// The number of bytes of the header's length, which comes first.
const PREFIX: usize = 8;

/// Reads a file's header in pieces of any size. Its allocations are bounded by a small multiple of the bytes that have arrived.
///
/// ```
/// # fn read(pieces: impl Iterator<Item = Vec<u8>>) -> wgslm_formats::Result<()> {
/// use wgslm_formats::safetensors::HeaderReader;
///
/// let mut reader = HeaderReader::new("model.safetensors");
/// for piece in pieces {
///     if let Some(entries) = reader.read(&mut piece.as_slice())? {
///         println!("{} tensors", entries.len());
///         break;
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct HeaderReader {
    file: String,
    gathered: Vec<u8>,
    position: u64,
}

impl HeaderReader {
    /// A reader at the start of a file, which is called `file` in errors.
    #[must_use]
    pub fn new(file: &str) -> Self {
        Self { file: file.to_owned(), gathered: Vec::new(), position: 0 }
    }

    /// The number of bytes taken so far; once the header is complete, the start of the data.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Takes bytes from the front of `input` until it is used up or the header is complete, and then returns the tensors, in the
    /// order in which their bytes lie in the file.
    ///
    /// # Errors
    /// [`Error::InvalidSafetensors`] and [`Error::UnsupportedSafetensors`]: the file can't be used, and every later call fails
    /// too.
    pub fn read(&mut self, input: &mut &[u8]) -> Result<Option<Vec<Entry>>> {
        if !self.gather(input, PREFIX) {
            return Ok(None);
        }
        let mut prefix = [0; PREFIX];
        prefix.copy_from_slice(&self.gathered[..PREFIX]);
        let length = u64::from_le_bytes(prefix);
        if length > MAX_HEADER_LEN {
            // The first eight bytes of any other file look like a length too.
            if let Some(what) = told_by(&prefix) {
                return Err(malformed(&self.file, what));
            }
            let reason = format!("its header takes {length} bytes, and no more than {MAX_HEADER_LEN} are read");
            return Err(Error::UnsupportedSafetensors { file: self.file.clone(), reason });
        }
        if !self.gather(input, PREFIX + length as usize) {
            return Ok(None);
        }
        let gathered = std::mem::take(&mut self.gathered);
        directory::read(&gathered[PREFIX..], &self.file).map(Some)
    }

    /// The error for a file that ends inside its header.
    #[must_use]
    pub fn ended_early(&self) -> Error {
        Error::Truncated { what: format!("the header of {}", self.file), offset: self.position }
    }

    /// Moves bytes from `input` until `length` are gathered; returns true once they are.
    fn gather(&mut self, input: &mut &[u8], length: usize) -> bool {
        let missing = length.saturating_sub(self.gathered.len());
        let arrived = input.get(..missing).unwrap_or(input);
        self.gathered.extend_from_slice(arrived);
        let arrived = arrived.len();
        skip(input, &mut self.position, arrived);
        self.gathered.len() >= length
    }
}
