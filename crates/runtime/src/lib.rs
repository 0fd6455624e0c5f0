//! Language models in GGUF and safetensors files on the user's own GPU, in the browser and natively.

// What a browser hands out belongs to one thread, and there is no other.
#![cfg_attr(target_arch = "wasm32", allow(clippy::arc_with_non_send_sync))]

pub mod engine;
pub mod error;
mod foreign;
pub mod gguf;
pub mod gpu;
mod hugging_face;
pub mod kv;
pub mod model;
pub mod quantize;
pub mod safetensors;
pub mod source;
pub mod tokenizer;
#[cfg(target_arch = "wasm32")]
mod web;

pub use error::{Error, Result};
