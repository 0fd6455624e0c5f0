//! The choice of kernels for a device, what is measured for it, and the check that they compute what they should.

mod kernels;
pub(crate) mod self_check;
mod tuner;
mod tuning;

pub use kernels::Kernels;
pub(crate) use tuner::Tuner;
pub(crate) use tuning::MatrixKind;
