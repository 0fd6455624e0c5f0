//! The choice of kernels for a device, the tuning of their shapes, and the self-check against their references.

mod kernels;
pub(crate) mod self_check;
mod tuner;
mod tuning;

pub use kernels::Kernels;
pub(crate) use tuner::Tuner;
pub(crate) use tuning::{MatrixKind, Precision};
