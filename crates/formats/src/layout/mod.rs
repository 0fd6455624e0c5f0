//! The layout of a model in its files: the header that all of them form, and the tensor that each byte range belongs to. Every
//! source format implements [`Headers`].

mod data;
mod header;
mod rewrite;
mod upcoming;

pub(crate) use data::{Constant, DataFile, Piece, TensorBytes};
pub use header::{Format, ModelFile, ModelHeader, TokenizerFiles};
pub(crate) use rewrite::Rewrite;
pub use upcoming::Upcoming;

use crate::Result;

/// Reads the headers of a model's files, one after the other.
pub(crate) trait Headers {
    /// The next file to read, and true if it may be absent; `None` when the headers are complete.
    fn wanted(&self) -> Option<(String, bool)>;

    /// Takes bytes of the wanted file from `input`, which starts at `position`, until `input` is used up or the file's header is
    /// complete. Returns true once it is complete; the rest of the file is tensors.
    fn read(&mut self, input: &mut &[u8], position: &mut u64) -> Result<bool>;

    /// Reports that the wanted file ended at `position`.
    fn end(&mut self, position: u64) -> Result<()>;

    /// Reports that the wanted file doesn't exist.
    fn absent(&mut self) -> Result<()>;

    /// The model, once the headers are complete.
    fn finish(self: Box<Self>) -> Result<Model>;
}

/// The model that all headers together describe.
pub(crate) struct Model {
    pub(crate) header: ModelHeader,
    /// The files with tensors, in the order in which their headers came.
    pub(crate) files: Vec<DataFile>,
    /// The tensors that are made from the metadata.
    pub(crate) constants: Vec<Constant>,
}
