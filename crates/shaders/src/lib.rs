//! The kernels of wgslm as data: WGSL sources and their variants, typed parameters, bindings, and a CPU reference each.
//! No GPU API here.
//!
//! Kernels stand by family, a folder each: `<kernel>.wgsl`, its parameters and grid in `<kernel>_launch.rs`, its reference in
//! `<kernel>_reference.rs`. What several kernels of a family import lies in its `fragments`, what several families import in
//! `src/fragments`, by what it is about.

mod attention;
mod embed;
mod encoding;
mod expand;
mod experts;
mod feed_forward;
pub mod format;
mod fragments;
mod kernel;
mod launch;
mod layout;
mod linear;
mod norm;
mod quantise;
mod repack;
mod resources;
mod sample;
mod second;
mod state;
mod tensor_type;
mod variant;

pub use attention::*;
pub use embed::*;
pub use encoding::{Encoding, KvFormat};
pub use expand::{Target, without_comments};
pub use experts::*;
pub use feed_forward::*;
pub use format::WeightFormat;
pub use fragments::activations::Activation;
pub use fragments::kv_cache::KvAddressing;
pub use fragments::numbers::random;
pub use fragments::step::{BLOCK_TOKENS, Bias, Output, Token};
pub use kernel::Kernel;
pub use launch::{Extent, Launch};
pub use layout::WeightLayout;
pub use linear::*;
pub use norm::*;
pub use quantise::{FloatKind, Quantise, QuantiseInput, QuantiseVariant, QuantiseWeights};
pub use repack::{Repack, RepackVariant, packing};
pub use sample::*;
pub use state::*;
pub use tensor_type::{TensorType, weight_format};
pub use variant::Variant;

/// The CPU's part of the references: the resources that they work on, and what reads and writes their layouts. The reference of
/// a kernel is [`Launch::reference`].
pub mod cpu {
    pub use crate::fragments::activations::activation_row;
    pub use crate::fragments::kv_cache::{KvPart, KvPlaces};
    pub use crate::fragments::weights::weight_row;
    pub use crate::quantise::{QuantisedRow, quantise_row};
    pub use crate::resources::Resources;
}

include!(concat!(env!("OUT_DIR"), "/shaders.rs"));

/// The access of a kernel to what is bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// A uniform buffer: the kernel's parameters.
    Uniform,
    /// A storage buffer it reads.
    Read,
    /// A storage buffer it writes, and perhaps reads.
    ReadWrite,
}

/// A binding of group 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Binding {
    /// `@binding(index)`.
    pub index: u32,
    /// The variable's name in WGSL, by which resources are bound; the parameters are `params`.
    pub name: &'static str,
    /// The kernel's access to it.
    pub access: Access,
}

impl Variant {
    /// The WGSL text for `target`.
    #[must_use]
    pub fn wgsl(&self, target: Target) -> String {
        let lookup = |name: &str| FILES.iter().find(|file| file.0 == name).map(|file| file.1);
        expand::expand(self, target, &lookup).unwrap_or_else(|error| unreachable!("the build expanded it: {error}"))
    }

    /// Its bindings, by index. Empty for a combination of choices that [`Variant::all`] doesn't have.
    #[must_use]
    pub fn bindings(&self) -> &'static [Binding] {
        let name = self.name();
        REFLECTIONS.iter().find(|reflection| reflection.0 == name).map_or(&[], |reflection| reflection.1)
    }
}
