//! A GGUF model, which may be split into parts as llama.cpp's `gguf-split` does: every part is a GGUF file, the first has the
//! metadata, and all say which part of how many they are
//! (<https://github.com/ggml-org/llama.cpp/tree/master/tools/gguf-split>).

use std::collections::HashSet;

use super::entry::has_ending;
use crate::gguf::{self, Extents, Metadata, Parser};
use crate::layout::{DataFile, Format, Headers, Model, ModelFile, ModelHeader, Piece};
use crate::{Error, Result};

const NUMBER: &str = "split.no";
const COUNT: &str = "split.count";
const TENSORS: &str = "split.tensors.count";

/// The most parts that are read; a part is meant to have gigabytes.
const MAX_PARTS: u32 = 4096;
/// The ending of the parts' names.
const ENDING: &str = ".gguf";

/// The name of a part: `NAME-00002-of-00003.gguf`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PartName {
    name: String,
    ending: String,
    /// The part's number, counting from one.
    pub(super) number: u32,
    count: u32,
}

impl PartName {
    /// Reads `file` as the name of a part; `None` where it isn't one.
    pub(super) fn of(file: &str) -> Option<Self> {
        if !has_ending(file, ENDING) {
            return None;
        }
        let (stem, ending) = file.split_at(file.len() - ENDING.len());
        let (stem, count) = stem.rsplit_once("-of-")?;
        let (name, number) = stem.rsplit_once('-')?;
        let digits = |text: &str| (text.len() == 5).then(|| text.parse::<u32>().ok()).flatten();
        let (number, count) = (digits(number)?, digits(count)?);
        (number >= 1 && number <= count).then(|| Self {
            name: name.to_owned(),
            ending: ending.to_owned(),
            number,
            count,
        })
    }

    /// The name of another part of the same model.
    pub(super) fn with_number(&self, number: u32) -> String {
        format!("{}-{number:05}-of-{:05}{}", self.name, self.count, self.ending)
    }
}

/// Reads the headers of all parts.
pub(super) struct Parts {
    entry: String,
    /// The parser of the current part.
    parser: Parser,
    parts: Vec<Part>,
    /// The number of parts, once the first has been read.
    count: u32,
}

struct Part {
    header: gguf::Header,
    extents: Extents,
}

impl Parts {
    /// Begins with the file `entry`.
    pub(super) fn new(entry: &str) -> Self {
        Self { entry: entry.to_owned(), parser: Parser::new(), parts: Vec::new(), count: 1 }
    }

    /// The name of the part at `index`, or a description where the first part's name doesn't follow the pattern.
    fn name(&self, index: usize) -> String {
        if index == 0 {
            return self.entry.clone();
        }
        let number = index as u32 + 1;
        PartName::of(&self.entry).map_or_else(
            || format!("part {number} of {} of {}", self.count, self.entry),
            |name| name.with_number(number),
        )
    }

    /// Checks a part against the first one, and the numbers in its metadata against its name.
    fn check(&mut self, metadata: &Metadata) -> Result<()> {
        let file = self.name(self.parts.len());
        let wrong = |reason: String| Err(Error::WrongPart { file: file.clone(), reason });
        let (number, count) = (metadata.u32(NUMBER)?.unwrap_or(0), metadata.u32(COUNT)?.unwrap_or(1).max(1));
        let Some(first) = self.parts.first() else {
            let named = PartName::of(&file);
            if number != 0 {
                let first = named.map_or_else(|| "part 1".to_owned(), |name| name.with_number(1));
                return Err(Error::NotFirstPart { file, first });
            }
            if count > MAX_PARTS {
                let reason = format!("it has {count} parts, and no more than {MAX_PARTS} are read");
                return Err(Error::UnsupportedGguf { what: file, offset: 0, reason });
            }
            if let Some(named) = named.filter(|named| count > 1 && named.count != count) {
                return wrong(format!("its name says that there are {} parts, and it says {count}", named.count));
            }
            self.count = count;
            return Ok(());
        };
        if (number as usize, count) != (self.parts.len(), self.count) {
            let expected = (self.parts.len() + 1, self.count);
            return wrong(format!(
                "it is part {} of {count}, not {} of {}",
                u64::from(number) + 1,
                expected.0,
                expected.1
            ));
        }
        let first = &first.header.metadata;
        for key in [TENSORS, "general.architecture", "general.name"] {
            if let Some(value) = metadata.get(key)
                && first.get(key) != Some(value)
            {
                return wrong(format!("its {key} differs from that of {}", self.entry));
            }
        }
        Ok(())
    }
}

impl Headers for Parts {
    fn wanted(&self) -> Option<(String, bool)> {
        (self.parts.len() < self.count as usize).then(|| (self.name(self.parts.len()), false))
    }

    fn read(&mut self, input: &mut &[u8], position: &mut u64) -> Result<bool> {
        if !self.parser.advance(input, position)? {
            return Ok(false);
        }
        let (header, extents) = std::mem::replace(&mut self.parser, Parser::new()).finish(*position)?;
        self.check(&header.metadata)?;
        self.parts.push(Part { header, extents: Extents::new(extents) });
        Ok(true)
    }

    fn end(&mut self, position: u64) -> Result<()> {
        Err(self.parser.ended_early(position))
    }

    fn absent(&mut self) -> Result<()> {
        Err(Error::MissingFile { file: self.name(self.parts.len()) })
    }

    fn finish(self: Box<Self>) -> Result<Model> {
        let names: Vec<_> = (0..self.parts.len()).map(|index| self.name(index)).collect();
        let mut whole: Option<ModelHeader> = None;
        let mut files = Vec::new();
        let mut seen = HashSet::new();
        for (name, Part { header, extents }) in names.into_iter().zip(self.parts) {
            let (bytes, data_offset) = (header.file_len(), header.data_offset);
            if let Some(tensor) = header.tensors.iter().find(|tensor| !seen.insert(tensor.name.clone())) {
                let reason = format!("{} is in another part too", tensor.name);
                return Err(Error::WrongPart { file: name, reason });
            }
            let model = whole.get_or_insert_with(|| ModelHeader {
                format: Format::Gguf(header.version),
                metadata: header.metadata,
                tensors: Vec::new(),
                files: Vec::new(),
                tokenizer: None,
            });
            let first = model.tensors.len();
            let pieces = (0..header.tensors.len()).map(|index| Piece::whole(first + index)).collect();
            model.tensors.extend(header.tensors);
            files.push(DataFile::new(name.clone(), data_offset, extents, pieces));
            model.files.push(ModelFile { name, bytes });
        }
        let header = whole.ok_or_else(|| Error::MissingFile { file: self.entry.clone() })?;
        if let Some(count) = header.metadata.u32(TENSORS)?
            && self.count > 1
            && count as usize != header.tensors.len()
        {
            let reason = format!("all parts have {} tensors, but its metadata says {count}", header.tensors.len());
            return Err(Error::WrongPart { file: self.entry, reason });
        }
        Ok(Model { header, files, constants: Vec::new() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_parts_are_read_and_written() {
        let part = PartName::of("a-b-00002-of-00013.gguf").expect("the name of a part");
        assert_eq!((part.number, part.count, part.with_number(10).as_str()), (2, 13, "a-b-00010-of-00013.gguf"));
        for name in
            ["a.gguf", "a-2-of-3.gguf", "a-00000-of-00003.gguf", "a-00004-of-00003.gguf", "a-00001-of-00003", "ü", ""]
        {
            assert_eq!(PartName::of(name), None, "{name}");
        }
    }
}
