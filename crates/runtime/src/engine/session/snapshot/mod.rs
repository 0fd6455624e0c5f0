//! Snapshots: sessions as bytes, with what was computed for their tokens.
//!
//! A snapshot is, with all numbers in little endian:
//!
//! 1. the [`Header`], which ends with a checksum of its own;
//! 2. the tokens, 4 bytes each;
//! 3. for the first of them, as many as the header says: the blocks that the next token sees, group by group in the order of positions, each
//!    with its keys and values in all buffers; and in models with states the state after the last of these tokens;
//! 4. XXH3 (64 bits) of the second and third part.

mod header;
mod restore;
mod slot;
mod write;

pub use restore::Restore;

use header::Header;
use slot::Slot;
