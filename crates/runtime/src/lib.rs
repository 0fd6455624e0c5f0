//! Language models in GGUF and safetensors files on the user's own GPU, in the browser and natively.
//!
//! [`Device::open`] opens a GPU, an [`engine::Loader`] puts a model on it, and the [`engine::Engine`] that comes of it generates text
//! or makes embeddings.

// What a browser hands out belongs to one thread, and there is no other.
#![cfg_attr(target_arch = "wasm32", allow(clippy::arc_with_non_send_sync))]

mod device;
pub mod engine;
pub mod error;
pub mod model;
#[cfg(target_arch = "wasm32")]
mod web;

pub use device::{Device, DeviceOptions};
pub use error::{Error, Result};
pub use {wgslm_formats as formats, wgslm_gpu as gpu, wgslm_shaders as shaders, wgslm_text as text};
