//! Parses a header as its bytes arrive, one item at a time.
//!
//! An item is the unit that is read at once: the preamble, a metadata entry (of an array its head, then each element), or an
//! entry of the tensor directory. An item that lies whole in a piece is read in place. Otherwise its bytes, and no more, are
//! gathered until it is complete, and it is read again from its start. That takes few attempts, since each says how many bytes
//! the next one needs.

use std::{collections::BTreeSet, mem};

use super::{
    Extent, Header, Metadata, Quoted, TensorInfo, Value,
    cursor::{Cursor, Scan, Stop},
    directory,
    limits::{MAX_KEY_LEN, MAX_METADATA, MAX_TENSORS},
    malformed, unsupported,
    value::{self, Key, PartialArray, Start},
};
use crate::{Error, Result};

const MAGIC: [u8; 4] = *b"GGUF";
const ALIGNMENT_KEY: &str = "general.alignment";
const DEFAULT_ALIGNMENT: u32 = 32;

/// The kind of the next item.
enum Step {
    Preamble,
    Metadata,
    Elements(PartialArray),
    Tensors,
    Complete,
}

/// Parses a header; holds the items that have arrived.
pub(crate) struct Parser {
    step: Step,
    /// The first bytes of an item whose rest has not arrived.
    gathered: Vec<u8>,
    version: u32,
    metadata_count: u64,
    metadata_read: u64,
    metadata: Metadata,
    alignment: u32,
    tensor_count: u64,
    tensors: Vec<TensorInfo>,
    tensor_names: BTreeSet<String>,
}

impl Parser {
    pub(crate) fn new() -> Self {
        Self {
            step: Step::Preamble,
            gathered: Vec::new(),
            version: 0,
            metadata_count: 0,
            metadata_read: 0,
            metadata: Metadata::default(),
            alignment: DEFAULT_ALIGNMENT,
            tensor_count: 0,
            tensors: Vec::new(),
            tensor_names: BTreeSet::new(),
        }
    }

    /// Takes bytes from `input`, which starts `position` bytes into the file, until it is used up or the header is complete.
    /// Returns true once the header is complete.
    pub(crate) fn advance(&mut self, input: &mut &[u8], position: &mut u64) -> Result<bool> {
        while !matches!(self.step, Step::Complete) {
            let gathered = mem::take(&mut self.gathered);
            let item = if gathered.is_empty() { *input } else { &gathered };
            let mut cursor = Cursor::new(item, *position - gathered.len() as u64);
            match self.item(&mut cursor) {
                Ok(()) => {
                    // Gathered bytes were taken from the input when they were gathered.
                    let consumed = if gathered.is_empty() { cursor.consumed() } else { 0 };
                    skip(input, position, consumed);
                    self.step();
                }
                Err(Stop::Incomplete { need }) => {
                    self.gathered = gathered;
                    let missing = need - self.gathered.len();
                    let arrived = input.get(..missing).unwrap_or(input);
                    self.gathered.extend_from_slice(arrived);
                    let arrived = arrived.len();
                    skip(input, position, arrived);
                    if arrived < missing {
                        return Ok(false);
                    }
                }
                Err(Stop::Failed(error)) => return Err(error),
            }
        }
        Ok(true)
    }

    /// Reads the next item. Nothing is stored unless the item is complete.
    fn item(&mut self, cursor: &mut Cursor<'_>) -> Scan<()> {
        match &mut self.step {
            Step::Preamble => self.preamble(cursor),
            Step::Metadata => self.entry(cursor),
            Step::Elements(array) => array.push(cursor),
            Step::Tensors => self.tensor(cursor),
            Step::Complete => Ok(()),
        }
    }

    /// Moves on to the next step once the current one has all its items.
    fn step(&mut self) {
        loop {
            self.step = match mem::replace(&mut self.step, Step::Complete) {
                Step::Preamble => Step::Metadata,
                Step::Elements(array) if array.is_complete() => {
                    let (key, value) = array.finish();
                    self.store(key, value);
                    Step::Metadata
                }
                Step::Metadata if self.metadata_read == self.metadata_count => Step::Tensors,
                Step::Tensors if self.tensors.len() as u64 == self.tensor_count => Step::Complete,
                unfinished => {
                    self.step = unfinished;
                    return;
                }
            };
            if matches!(self.step, Step::Complete) {
                return;
            }
        }
    }

    fn preamble(&mut self, cursor: &mut Cursor<'_>) -> Scan<()> {
        let big_endian = || unsupported("the byte order", 0, "the file is big-endian; convert it to little-endian");
        let magic: [u8; 4] = cursor.fixed()?;
        if magic.iter().rev().eq(&MAGIC) {
            return Err(big_endian().into());
        }
        if magic != MAGIC {
            return Err(Error::NotGguf { found: magic.to_vec() }.into());
        }
        let version = cursor.u32()?;
        if matches!(version.swap_bytes(), 1..=0xffff) {
            return Err(big_endian().into());
        }
        if !matches!(version, 2 | 3) {
            return Err(Error::UnsupportedVersion { version }.into());
        }
        let tensor_count = cursor.count(MAX_TENSORS, "the number of tensors")?;
        let metadata_count = cursor.count(MAX_METADATA, "the number of metadata entries")?;
        (self.version, self.tensor_count, self.metadata_count) = (version, tensor_count, metadata_count);
        Ok(())
    }

    fn entry(&mut self, cursor: &mut Cursor<'_>) -> Scan<()> {
        let offset = cursor.offset();
        let key = cursor.string(MAX_KEY_LEN, "a metadata key")?;
        if key.is_empty() {
            return Err(malformed("a metadata key", offset, "it is empty").into());
        }
        if self.metadata.get(key).is_some() {
            return Err(malformed(Key(key), offset, "it stands there twice").into());
        }
        match value::start(cursor, key)? {
            Start::Array(array) => self.step = Step::Elements(array),
            Start::Complete(value) => {
                if key == ALIGNMENT_KEY {
                    self.alignment = directory::alignment(&value, offset)?;
                }
                self.store(key.to_owned(), value);
            }
        }
        Ok(())
    }

    fn store(&mut self, key: String, value: Value) {
        self.metadata.insert(key, value);
        self.metadata_read += 1;
    }

    fn tensor(&mut self, cursor: &mut Cursor<'_>) -> Scan<()> {
        let offset = cursor.offset();
        let tensor = directory::read_tensor(cursor, self.alignment)?;
        if !self.tensor_names.insert(tensor.name.clone()) {
            let what = format_args!("tensor {}", Quoted(&tensor.name));
            return Err(malformed(what, offset, "it stands there twice").into());
        }
        self.tensors.push(tensor);
        Ok(())
    }

    /// The complete header, which ends at `position`, and the byte ranges of its tensors in the file.
    pub(crate) fn finish(self, position: u64) -> Result<(Header, Vec<Extent>)> {
        let Self { version, metadata, tensors, alignment, .. } = self;
        let data_offset = if tensors.is_empty() { position } else { position.next_multiple_of(alignment.into()) };
        let extents = directory::lay_out(&tensors, data_offset, alignment)?;
        Ok((Header { version, metadata, tensors, alignment, data_offset }, extents))
    }

    /// The error for a file that ends at `position`, inside its header.
    pub(crate) fn ended_early(&self, position: u64) -> Error {
        let what = match &self.step {
            Step::Preamble if !MAGIC.iter().zip(&self.gathered).all(|(expected, found)| expected == found) => {
                return Error::NotGguf { found: self.gathered.clone() };
            }
            Step::Preamble => "the preamble".to_owned(),
            Step::Metadata => format!("metadata entry {} of {}", self.metadata_read + 1, self.metadata_count),
            Step::Elements(array) => array.next_element().to_string(),
            Step::Tensors => format!("tensor directory entry {} of {}", self.tensors.len() + 1, self.tensor_count),
            Step::Complete => "the header".to_owned(),
        };
        Error::Truncated { what, offset: position }
    }
}

/// Drops `count` bytes of `input`, or all where there are fewer.
pub(crate) fn skip(input: &mut &[u8], position: &mut u64, count: usize) {
    let rest = input.get(count..).unwrap_or_default();
    *position += (input.len() - rest.len()) as u64;
    *input = rest;
}
