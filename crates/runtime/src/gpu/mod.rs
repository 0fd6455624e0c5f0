//! The only user of wgpu: devices and what they can do, buffers, pipelines, programs of dispatches, readback, self-check.
//! Everything above speaks of tensors, programs and tokens.

mod adapter;
mod bandwidth;
mod buffer;
mod capabilities;
#[cfg_attr(target_arch = "wasm32", path = "compiler_on_web.rs")]
mod compiler;
mod device;
mod execute;
mod matrix_units;
mod memory;
mod pipelines;
mod profile;
mod program;
mod readback;
#[cfg(target_arch = "wasm32")]
mod request_on_web;
mod self_check;
mod tuning;

pub use adapter::AdapterDescription;
pub use buffer::Buffer;
pub use capabilities::{Capabilities, GpuOptions};
pub use device::Gpu;
pub use execute::execute;
pub use profile::DispatchTime;
pub use program::{Count, Counts, Program, ProgramBuilder, Variants};
pub use readback::{Readback, ReadbackRing};
pub use self_check::KernelTexts;
pub use tuning::MatrixKind;
