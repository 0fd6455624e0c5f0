//! The CPU reference of every kernel: what it should compute, written plainly, on the same resources under the same names.
//! Tests hold the kernels to them, and the self-check of a device compares with them before a model is fetched.

mod add;
mod argmax;
mod attention;
mod embed;
mod kv_append;
mod linear;
mod resources;
mod rms_norm;
mod rope;
mod swiglu;
mod truncate;
mod weight;

pub(crate) use add::add;
pub(crate) use argmax::{argmax, argmax_partials};
pub(crate) use attention::attention;
pub(crate) use embed::embed;
pub(crate) use kv_append::kv_append;
pub(crate) use linear::linear;
pub use resources::Resources;
pub(crate) use rms_norm::rms_norm;
pub(crate) use rope::rope;
pub(crate) use swiglu::swiglu;
pub(crate) use truncate::truncate;
pub use weight::weight_row;
