//! Activations: their functions, and how they are encoded for the kernels that multiply them.

mod activation;
mod encoded;

pub use activation::Activation;
pub use encoded::activation_row;
pub(crate) use encoded::write_encoded;
