//! The sources of a model: one GGUF file, a GGUF file split into parts, or a Hugging Face folder.
//!
//! Every file of a model has a header. Once all headers are known they become one [`ModelHeader`], in GGUF's keys and names, and
//! then the tensors' bytes follow. [`Reader`] names the file that it wants and the offset to start at, and its caller, which can
//! reach the files (a program, a page), hands over their bytes: nothing here opens or waits for anything.

mod entry;
mod reader;
mod split;

pub use entry::entry;
pub use reader::{Event, Reader, Wanted};

pub use crate::layout::{Format, ModelFile, ModelHeader, TokenizerFiles, Upcoming};
