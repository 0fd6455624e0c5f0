//! Language models in GGUF and safetensors files on the user's own GPU, in the browser and natively.
//!
//! [`Device::open`] opens a GPU, an [`engine::Loader`] loads a model onto it, and the resulting [`engine::Engine`] generates text
//! or makes embeddings.

// A browser's WebGPU objects belong to one thread, the only one there.
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
