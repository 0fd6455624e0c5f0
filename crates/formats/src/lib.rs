//! The files of language models, as streams: GGUF, safetensors and Hugging Face folders, a model's files as one source, and
//! quantising. Nothing here opens a file or touches a GPU: callers hand over bytes as they arrive.

pub mod error;
mod foreign;
pub mod gguf;
mod hugging_face;
mod layout;
pub mod quantise;
pub mod safetensors;
pub mod source;

pub use error::{Error, Result};
