//! Where a model comes from: one GGUF file, a GGUF file split into parts, or a Hugging Face folder.
//!
//! A model comes in files. Each has a header; once all headers are known they become one [`ModelHeader`], in GGUF's keys and
//! names, and then the tensors' bytes follow. [`Reader`] says which file it wants and from where on, and whoever can reach the
//! files (a program, a page) hands it their bytes: nothing here opens or waits for anything.

mod entry;
mod reader;
mod split;

pub use entry::entry;
pub use reader::{Event, Reader, Wanted};

pub use crate::layout::{Format, ModelFile, ModelHeader, TokenizerFiles};
