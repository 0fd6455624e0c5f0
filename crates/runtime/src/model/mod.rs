//! Models: what an architecture is ([`ModelSpec`]), its weights on the device, and the one graph builder that turns both into
//! programs.

mod architecture;
mod graph;
mod loader;
mod spec;
mod tensors;
mod weights;

pub use architecture::supported_architectures;
pub(crate) use graph::{Activations, Graph};
pub use loader::{Loader, Model};
pub use spec::{ModelSpec, RopeSpec};
pub use tensors::{ExpectedTensor, TensorRole, expected_tensors};
pub use weights::{Matrix, Weights};
