//! Quantising weights: which tensors become what ([`Policy`]), from one GGUF file to another ([`FileQuantiser`]). At load it's
//! done on the device, by the kernel `quantise_weights`; a file's weights come to the same values, on the CPU.

mod conversion;
mod file;
mod pattern;
mod plan;
mod policy;

pub use conversion::Conversion;
pub use file::FileQuantiser;
pub use plan::{Plan, Stored};
pub use policy::{Kind, Policy, Rule};
