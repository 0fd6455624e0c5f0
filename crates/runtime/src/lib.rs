//! GGUF language models on the user's own GPU, in the browser and natively.

pub mod error;
pub mod gguf;
pub mod gpu;
pub mod tokenizer;

pub use error::{Error, Result};
