//! The files of a model in, events out.

use std::borrow::Cow;
use std::mem;

use super::entry::{CONFIG, has_ending};
use super::split::Parts;
use crate::hugging_face::Folder;
use crate::layout::{Constant, DataFile, Headers, Model, ModelHeader, TensorBytes};
use crate::{Error, Result};

/// What [`Reader::read`] found.
#[derive(Debug)]
pub enum Event<'a> {
    /// What all headers say: once, before everything else.
    Header(ModelHeader),
    /// Bytes of a tensor, as GGUF has them. Tensors come in any order, and so may the parts of one that is put together of several;
    /// each byte comes once.
    Data {
        /// The tensor, as an index into [`ModelHeader::tensors`].
        tensor: usize,
        /// Where in the tensor these bytes lie.
        offset: u64,
        /// The bytes, at least one.
        bytes: Cow<'a, [u8]>,
    },
}

/// A file that a reader wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Its name, or its path with slashes from the one folder that all files of a model are in.
    pub file: String,
    /// Where to start in it, in bytes. All that comes before may be left out.
    pub offset: u64,
    /// Whether the model may do without it: then [`Reader::absent`] is no error.
    pub optional: bool,
}

/// Reads a model from its files, headers first.
///
/// ```
/// # fn load(open: impl Fn(&wgslm_formats::source::Wanted) -> Option<Vec<u8>>) -> wgslm_formats::Result<()> {
/// use wgslm_formats::source::{Event, Reader};
///
/// let mut reader = Reader::new("model-00001-of-00002.gguf");
/// while let Some(wanted) = reader.next_file() {
///     let Some(bytes) = open(&wanted) else {
///         reader.absent()?;
///         continue;
///     };
///     for piece in bytes.chunks(1 << 20) {
///         let mut input = piece;
///         while let Some(event) = reader.read(&mut input)? {
///             match event {
///                 Event::Header(header) => println!("{} tensors", header.tensors.len()),
///                 Event::Data { tensor, offset, bytes } => println!("{tensor}: {} bytes at {offset}", bytes.len()),
///             }
///         }
///         if !reader.reads_on() {
///             break;
///         }
///     }
///     reader.end_file()?;
/// }
/// reader.finish()
/// # }
/// ```
pub struct Reader {
    stage: Stage,
    /// In the file that is read.
    position: u64,
    reads_on: bool,
    taken: u64,
}

enum Stage {
    Headers(Box<dyn Headers>),
    /// The header is complete and hasn't been given out.
    Header(Box<Model>),
    Data {
        constants: Vec<Constant>,
        files: Vec<DataFile>,
        current: usize,
    },
    Failed,
}

impl Reader {
    /// A reader that begins with the file `entry`: config.json, or any file of a Hugging Face folder that is named so or
    /// `*.safetensors`, for that folder; a GGUF file or the first part of one, whatever its name.
    #[must_use]
    pub fn new(entry: &str) -> Self {
        let folder = entry == CONFIG || has_ending(entry, ".safetensors");
        let headers: Box<dyn Headers> = if folder { Box::new(Folder::new()) } else { Box::new(Parts::new(entry)) };
        Self { stage: Stage::Headers(headers), position: 0, reads_on: false, taken: 0 }
    }

    /// Bytes taken so far, of all files. A file that is opened a second time, for its tensors, counts on from there.
    #[must_use]
    pub fn taken(&self) -> u64 {
        self.taken
    }

    /// Whether more of the open file is wanted.
    #[must_use]
    pub fn reads_on(&self) -> bool {
        self.reads_on
    }

    /// The file that is wanted next, which counts as open from now on; `None` when nothing more is.
    pub fn next_file(&mut self) -> Option<Wanted> {
        let wanted = match &self.stage {
            Stage::Headers(headers) => headers.wanted().map(|(file, optional)| Wanted { file, offset: 0, optional }),
            Stage::Header(_) | Stage::Failed => None,
            Stage::Data { files, current, .. } => files.get(*current).map(|file| Wanted {
                file: file.name.clone(),
                offset: file.data_offset,
                optional: false,
            }),
        }?;
        (self.position, self.reads_on) = (wanted.offset, true);
        Some(wanted)
    }

    /// Takes bytes of the open file from the front of `input` up to the next event, and returns it; `None` when `input` is used up
    /// or no more of the file is wanted.
    ///
    /// # Errors
    /// What is wrong with the files: see [`Error`]. The reader is of no use from then on.
    pub fn read<'a>(&mut self, input: &mut &'a [u8]) -> Result<Option<Event<'a>>> {
        let before = self.position;
        let event = self.next_event(input);
        self.taken += self.position - before;
        event
    }

    fn next_event<'a>(&mut self, input: &mut &'a [u8]) -> Result<Option<Event<'a>>> {
        // The stage is put back unless reading fails.
        match mem::replace(&mut self.stage, Stage::Failed) {
            Stage::Headers(mut headers) => {
                if !self.reads_on || !headers.read(input, &mut self.position)? {
                    self.stage = Stage::Headers(headers);
                    return Ok(None);
                }
                if headers.wanted().is_some() {
                    self.reads_on = false;
                    self.stage = Stage::Headers(headers);
                    return Ok(None);
                }
                let mut model = headers.finish()?;
                // The file whose header came last is read on; the others are opened again for their tensors.
                let last = usize::from(!model.files.is_empty());
                model.files.rotate_right(last);
                self.stage = Stage::Header(Box::new(model));
                self.next_event(input)
            }
            Stage::Header(model) => {
                let Model { header, files, constants } = *model;
                tracing::debug!(files = files.len(), tensors = header.tensors.len(), "the model's headers");
                self.stage = Stage::Data { constants, files, current: 0 };
                Ok(Some(Event::Header(header)))
            }
            Stage::Data { mut constants, mut files, current } => {
                let of_constant =
                    |Constant { tensor, bytes }| TensorBytes { tensor, offset: 0, bytes: Cow::Owned(bytes) };
                let arrived = match constants.pop() {
                    Some(constant) => Some(of_constant(constant)),
                    None => files.get_mut(current).and_then(|file| file.read(input, &mut self.position)),
                };
                self.stage = Stage::Data { constants, files, current };
                Ok(arrived.map(|TensorBytes { tensor, offset, bytes }| Event::Data { tensor, offset, bytes }))
            }
            Stage::Failed => Err(failed()),
        }
    }

    /// The open file is not read any further: it has ended, or enough of it has been read.
    ///
    /// # Errors
    /// [`Error::Truncated`] where more of it was wanted, and what is wrong with a file that is read as a whole.
    pub fn end_file(&mut self) -> Result<()> {
        if !mem::take(&mut self.reads_on) {
            return Ok(());
        }
        match &mut self.stage {
            Stage::Headers(headers) => headers.end(self.position),
            Stage::Header(_) => Ok(()),
            Stage::Data { files, current, .. } => match files.get(*current) {
                Some(file) => {
                    *current += 1;
                    file.end(self.position)
                }
                None => Ok(()),
            },
            Stage::Failed => Err(failed()),
        }
    }

    /// There is no file of the name that [`Self::next_file`] gave.
    ///
    /// # Errors
    /// [`Error::MissingFile`] where the model can't do without it.
    pub fn absent(&mut self) -> Result<()> {
        self.reads_on = false;
        match &mut self.stage {
            Stage::Headers(headers) => headers.absent(),
            Stage::Data { files, current, .. } => {
                let file = files.get(*current).map(|file| file.name.clone()).unwrap_or_default();
                Err(Error::MissingFile { file })
            }
            Stage::Header(_) | Stage::Failed => Err(failed()),
        }
    }

    /// Says whether everything has come.
    ///
    /// # Errors
    /// [`Error::Truncated`] and [`Error::MissingFile`] where something hasn't.
    pub fn finish(mut self) -> Result<()> {
        self.end_file()?;
        match self.next_file() {
            None => Ok(()),
            Some(wanted) => Err(Error::MissingFile { file: wanted.file }),
        }
    }
}

fn failed() -> Error {
    Error::NoModel { reason: "reading the model has failed before".to_owned() }
}
