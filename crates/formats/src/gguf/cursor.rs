//! Reads the primitive values of a header from a slice that may still be incomplete.

use std::borrow::Cow;
use std::fmt::Display;

use super::{limits::MAX_HEADER_LEN, malformed, unsupported};
use crate::Error;

/// The reason that reading an item stopped before its end.
pub(super) enum Stop {
    /// The slice must hold at least `need` bytes to get any further.
    Incomplete {
        /// The length in bytes, from the start of the item.
        need: usize,
    },
    /// The file is not usable.
    Failed(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// The result of reading from a slice that may be incomplete.
pub(super) type Scan<T> = std::result::Result<T, Stop>;

/// A read position in a slice of header bytes.
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    start: u64,
    consumed: usize,
}

impl<'a> Cursor<'a> {
    /// A cursor over `bytes`, which start `start` bytes into the file.
    pub(super) fn new(bytes: &'a [u8], start: u64) -> Self {
        Self { bytes, start, consumed: 0 }
    }

    /// The number of bytes read so far.
    pub(super) fn consumed(&self) -> usize {
        self.consumed
    }

    /// The position in bytes from the start of the file.
    pub(super) fn offset(&self) -> u64 {
        self.start + self.consumed as u64
    }

    /// The next `len` bytes; `what` names them in the error for a header beyond its limit.
    fn take(&mut self, len: u64, what: impl Display) -> Scan<&'a [u8]> {
        let room = MAX_HEADER_LEN.saturating_sub(self.offset());
        // Within the room the length fits the address space, so no sum below can overflow.
        let Some(len) = usize::try_from(len).ok().filter(|_| len <= room) else {
            let reason = format!("it takes {len} bytes, and no more than {MAX_HEADER_LEN} are read as a header");
            return Err(unsupported(what, self.offset(), reason).into());
        };
        let need = self.consumed + len;
        let taken = self.bytes.get(self.consumed..need).ok_or(Stop::Incomplete { need })?;
        self.consumed = need;
        Ok(taken)
    }

    /// The next `N` bytes, for the little-endian numbers.
    pub(super) fn fixed<const N: usize>(&mut self) -> Scan<[u8; N]> {
        let mut bytes = [0; N];
        bytes.copy_from_slice(self.take(N as u64, "a number")?);
        Ok(bytes)
    }

    /// An unsigned 32-bit integer.
    pub(super) fn u32(&mut self) -> Scan<u32> {
        self.fixed().map(u32::from_le_bytes)
    }

    /// An unsigned 64-bit integer.
    pub(super) fn u64(&mut self) -> Scan<u64> {
        self.fixed().map(u64::from_le_bytes)
    }

    /// A count that may not exceed `limit`.
    pub(super) fn count(&mut self, limit: u64, what: impl Display) -> Scan<u64> {
        let offset = self.offset();
        let count = self.u64()?;
        if count > limit {
            return Err(unsupported(what, offset, format!("it is {count}, and no more than {limit} are read")).into());
        }
        Ok(count)
    }

    /// A string of at most `limit` bytes, which must be UTF-8.
    pub(super) fn string(&mut self, limit: u64, what: impl Display) -> Scan<&'a str> {
        let offset = self.offset();
        let text = self.string_bytes(limit, &what)?;
        std::str::from_utf8(text).map_err(|_| malformed(what, offset, "it is not UTF-8 text").into())
    }

    /// A string of at most `limit` bytes, in which U+FFFD replaces invalid UTF-8.
    pub(super) fn lossy_string(&mut self, limit: u64, what: impl Display) -> Scan<Cow<'a, str>> {
        self.string_bytes(limit, what).map(String::from_utf8_lossy)
    }

    fn string_bytes(&mut self, limit: u64, what: impl Display) -> Scan<&'a [u8]> {
        let offset = self.offset();
        let len = self.u64()?;
        if len > limit {
            let reason = format!("it is {len} bytes long, and no more than {limit} are read");
            return Err(unsupported(what, offset, reason).into());
        }
        self.take(len, what)
    }
}
