//! Where a model comes from: one GGUF file, a GGUF file split into parts, or a Hugging Face folder.
//!
//! A model comes in files. Each has a header; once all headers are known they become one [`ModelHeader`], in GGUF's keys and
//! names, and then the tensors' bytes follow. [`Reader`] says which file it wants and from where on, and whoever can reach the
//! files (a program, a page) hands it their bytes: nothing here opens or waits for anything.

mod data;
mod entry;
mod header;
mod reader;
mod rewrite;
mod split;

pub(crate) use data::{Constant, DataFile, Piece};
pub use entry::entry;
pub use header::{Format, ModelFile, ModelHeader, TokenizerFiles};
pub use reader::{Event, Reader, Wanted};
pub(crate) use rewrite::Rewrite;

use crate::Result;

/// Reads the headers of a model's files, one after the other.
pub(crate) trait Headers {
    /// The file that is wanted next, and whether it may be absent; `None` when the headers are complete.
    fn wanted(&self) -> Option<(String, bool)>;

    /// Takes bytes of the wanted file from `input`, which starts at `position`, until it is used up or what is needed of that file
    /// has come. Returns whether it has; what is left are its tensors.
    fn read(&mut self, input: &mut &[u8], position: &mut u64) -> Result<bool>;

    /// The wanted file has ended, at `position`.
    fn end(&mut self, position: u64) -> Result<()>;

    /// There is no such file.
    fn absent(&mut self) -> Result<()>;

    /// The model, once the headers are complete.
    fn finish(self: Box<Self>) -> Result<Model>;
}

/// What all headers together say.
pub(crate) struct Model {
    pub(crate) header: ModelHeader,
    /// The files with tensors, in the order in which their headers came.
    pub(crate) files: Vec<DataFile>,
    /// Tensors that are in no file.
    pub(crate) constants: Vec<Constant>,
}
