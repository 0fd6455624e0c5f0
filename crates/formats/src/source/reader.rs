//! The reader of a model's files: bytes in, events out.

use std::borrow::Cow;
use std::mem;

use super::entry::{CONFIG, has_ending};
use super::split::Parts;
use crate::hugging_face::Folder;
use crate::layout::{Constant, DataFile, Headers, Model, ModelHeader, TensorBytes, Upcoming};
use crate::{Error, Result};

/// An event of [`Reader::read`].
#[derive(Debug)]
pub enum Event<'a> {
    /// The header that all files form: once, before everything else.
    Header(ModelHeader),
    /// Bytes of a tensor in GGUF's layout. Tensors come in any order, and so may the slices of a tensor that is stacked from
    /// several; each byte comes once.
    Data {
        /// The tensor, as an index into [`ModelHeader::tensors`].
        tensor: usize,
        /// The offset of these bytes in the tensor.
        offset: u64,
        /// The bytes, at least one.
        bytes: Cow<'a, [u8]>,
    },
}

/// A file that a reader wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The file's name, or its path with slashes from the folder of the model.
    pub file: String,
    /// The offset in bytes to start at; everything before may be left out.
    pub offset: u64,
    /// True if the model may do without the file: then [`Reader::absent`] is no error.
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
    /// The position in the open file.
    position: u64,
    reads_on: bool,
    taken: u64,
}

enum Stage {
    Headers(Box<dyn Headers>),
    /// The complete header, which hasn't been returned yet.
    Header(Box<Model>),
    Data {
        constants: Vec<Constant>,
        files: Vec<DataFile>,
        current: usize,
    },
    Failed,
}

impl Reader {
    /// A reader that begins with the file `entry`: config.json or `*.safetensors` for a Hugging Face folder; a GGUF file or its
    /// first part, whatever its name.
    #[must_use]
    pub fn new(entry: &str) -> Self {
        let folder = entry == CONFIG || has_ending(entry, ".safetensors");
        let headers: Box<dyn Headers> = if folder { Box::new(Folder::new()) } else { Box::new(Parts::new(entry)) };
        Self { stage: Stage::Headers(headers), position: 0, reads_on: false, taken: 0 }
    }

    /// The number of bytes taken so far, over all files. A file that is opened again for its tensors isn't counted twice.
    #[must_use]
    pub fn taken(&self) -> u64 {
        self.taken
    }

    /// True if more of the open file is wanted.
    #[must_use]
    pub fn reads_on(&self) -> bool {
        self.reads_on
    }

    /// Opens the next file that is wanted and returns it; `None` when no more files are.
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
    /// Errors of the files: see [`Error`]. Every later call fails too.
    pub fn read<'a>(&mut self, input: &mut &'a [u8]) -> Result<Option<Event<'a>>> {
        let before = self.position;
        let event = self.next_event(input);
        self.taken += self.position - before;
        event
    }

    fn next_event<'a>(&mut self, input: &mut &'a [u8]) -> Result<Option<Event<'a>>> {
        // An error leaves the stage at `Failed`.
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

    /// The bytes that come next in the open file, if they can be taken without [`Self::read`] by whoever knows their place (see
    /// [`Self::pass`]); `None` before the headers are complete, where bytes are rewritten, and after the last tensor.
    #[must_use]
    pub fn upcoming(&self) -> Option<Upcoming> {
        match &self.stage {
            Stage::Data { constants, files, current } if self.reads_on && constants.is_empty() => {
                files.get(*current)?.upcoming(self.position)
            }
            _ => None,
        }
    }

    /// Passes over bytes of [`Self::upcoming`] (its gap, and as many as it has at most), which have been taken elsewhere.
    pub fn pass(&mut self, bytes: u64) {
        if let Stage::Data { files, current, .. } = &mut self.stage
            && let Some(file) = files.get_mut(*current)
        {
            self.position += bytes;
            self.taken += bytes;
            file.pass(self.position);
        }
    }

    /// Ends the open file: it is at its end, or enough of it has been read.
    ///
    /// # Errors
    /// [`Error::Truncated`] where more of the file was wanted, and the faults of a file that is read whole.
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

    /// Reports that the file of [`Self::next_file`] doesn't exist.
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

    /// Checks that everything has come.
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
