//! The CPU reference of every kernel: what it should compute, written plainly, on the same resources under the same names.
//! Tests hold the kernels to them, and the self-check of a device compares with them before a model is fetched.

mod argmax;
mod attention;
mod embed;
mod gate;
mod kv;
mod linear;
mod mix_experts;
mod norm;
mod norm_heads;
mod pool;
mod quantise;
mod quantise_weights;
mod resources;
mod rope_append;
mod route;
mod short_convolution;
mod truncate;
mod truncate_stages;
mod weight;

pub(crate) use argmax::{argmax, argmax_partials};
pub(crate) use attention::{attention, attention_combine, attention_split};
pub(crate) use embed::embed;
pub(crate) use gate::gate;
pub use kv::kv_head_pairs;
pub(crate) use linear::linear;
pub(crate) use mix_experts::mix_experts;
pub(crate) use norm::norm;
pub(crate) use norm_heads::norm_heads;
pub(crate) use pool::pool;
pub use quantise::activation_row;
pub(crate) use quantise::quantise;
pub(crate) use quantise_weights::quantise_weights;
pub use quantise_weights::{QuantisedRow, quantise_row};
pub use resources::Resources;
pub(crate) use rope_append::rope_append;
pub(crate) use route::route;
pub(crate) use short_convolution::short_convolution;
pub(crate) use truncate::truncate;
pub(crate) use truncate_stages::{truncate_band, truncate_histogram, truncate_maxima};
pub use weight::weight_row;
