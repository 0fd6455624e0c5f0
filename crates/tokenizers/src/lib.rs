//! The `tokenizer.json` of Hugging Face folders (<https://huggingface.co/docs/tokenizers/api/tokenizer>).
//!
//! Such a file composes its tokenizer of many kinds of parts, which the `tokenizers` crate, whose format it is, runs. Text is encoded
//! here; a [description](JsonTokenizer::describe) has everything else that `wgslm-text` needs, which may live in another WebAssembly
//! module.

mod description;
pub mod error;
mod json_tokenizer;
#[cfg(target_arch = "wasm32")]
mod web;

pub use error::{Error, Result};
pub use json_tokenizer::JsonTokenizer;
