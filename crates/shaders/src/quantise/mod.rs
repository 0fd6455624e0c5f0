//! Quantising on the device: activations for kernels that multiply codes, and weights as they are loaded.

mod quantise_launch;
mod quantise_reference;
mod quantise_weights_launch;
mod quantise_weights_reference;
mod variants;

pub use quantise_launch::Quantise;
pub(crate) use quantise_reference::squares_of;
pub use quantise_weights_launch::{FloatKind, QuantiseWeights};
pub use quantise_weights_reference::{QuantisedRow, quantise_row};
pub use variants::{QuantiseInput, QuantiseVariant};
