//! Repacking: rows of a matrix from the blocks of a file to the planes that kernels read. The CPU's packing is the reference.

pub mod packing;
mod repack_launch;
mod repack_reference;
mod variants;

pub use repack_launch::Repack;
pub use variants::RepackVariant;
