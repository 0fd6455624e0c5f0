//! Devices, buffers, pipelines, programs and readback on top of wgpu. No other crate uses wgpu, and this one takes kernels as
//! data: it knows nothing of tokens, models or samplers.

// A browser's WebGPU objects belong to one thread, the only one there.
#![cfg_attr(target_arch = "wasm32", allow(clippy::arc_with_non_send_sync))]

mod adapter;
mod bandwidth;
mod buffer;
mod capabilities;
#[cfg_attr(target_arch = "wasm32", path = "compiler_on_web.rs")]
mod compiler;
mod device;
mod dry_run;
pub mod error;
mod execute;
mod failure;
#[cfg_attr(target_arch = "wasm32", path = "mapped_on_web.rs")]
mod mapped;
mod matrix_units;
mod memory;
mod pipelines;
mod program;
mod readback;
#[cfg(target_arch = "wasm32")]
mod request_on_web;
mod signal;
mod timing;
mod upload;

pub use adapter::AdapterDescription;
pub use buffer::{Buffer, Region};
pub use capabilities::{Capabilities, GpuOptions};
pub use device::Gpu;
pub use error::{Error, Result};
pub use execute::{Execution, Running, execute};
pub use pipelines::KernelTexts;
pub use program::{AsGiven, DispatchSize, Program, ProgramBuilder, Variants};
pub use readback::{Readback, ReadbackRing};
pub use timing::{BoundBuffer, DispatchTime};
pub use upload::{Commands, Upload, UploadRing};
