//! Quantisation of weights: the policy that chooses a kind for each tensor ([`Policy`]), and the conversion of a GGUF file
//! ([`FileQuantiser`]). While a model loads, the kernel `quantise_weights` quantises on the device; a file is quantised on the
//! CPU, to the same values.

mod conversion;
mod file;
mod pattern;
mod plan;
mod policy;

pub use conversion::Conversion;
pub use file::FileQuantiser;
pub use plan::{Plan, Stored};
pub use policy::{Kind, Policy, Rule};
