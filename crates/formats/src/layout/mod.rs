//! How a model lies in its files: what their headers say together, and which bytes belong to which of its tensors. A kind of
//! source is an implementation of [`Headers`].

mod data;
mod header;
mod rewrite;

pub(crate) use data::{Constant, DataFile, Piece, TensorBytes};
pub use header::{Format, ModelFile, ModelHeader, TokenizerFiles};
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
