//! Models: what an architecture is ([`ModelSpec`]), its weights on the device, and the one graph builder that turns both into
//! programs.

mod activations;
mod architecture;
mod graph;
mod loader;
mod spec;
mod tensors;
mod tune;
mod weights;

pub(crate) use activations::Activations;
pub use architecture::supported_architectures;
pub(crate) use graph::Graph;
pub use loader::{Loader, Model};
pub use spec::{ModelSpec, RopeSpec};
pub use tensors::{ExpectedTensor, Fusion, TensorRole, expected_tensors};
pub use weights::{Matrix, Weights};
