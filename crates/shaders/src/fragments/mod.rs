//! WGSL that kernels of several families import, by what it is about, with its counterparts for the references.

pub(crate) mod activations;
pub(crate) mod kv_cache;
pub(crate) mod numbers;
pub(crate) mod step;
pub(crate) mod weights;
