//! The kernels of wgslm as data: WGSL sources and their variants, typed parameters, bindings, and a CPU reference each.
//! No GPU API here.
//!
//! A kernel has one name everywhere: `wgsl/<name>.wgsl`, its parameters and grid in `src/<name>.rs`, its reference in
//! `src/cpu/<name>.rs`.

mod activation;
mod attention;
mod catalogue;
pub mod cpu;
mod embed;
mod expand;
pub mod format;
mod gate;
mod kernel;
mod launch;
mod linear;
mod mix_experts;
mod norm;
mod norm_heads;
mod pool;
mod quantise;
mod quantise_weights;
mod rope_append;
mod route;
mod rows;
mod sample;
mod short_convolution;
mod tile;
mod variant;

pub use activation::Activation;
pub use attention::Attention;
pub use embed::Embed;
pub use expand::Target;
pub use format::WeightFormat;
pub use gate::Gate;
pub use kernel::{Encoding, Kernel, KvFormat};
pub use launch::{Extent, Launch};
pub use linear::Linear;
pub use mix_experts::MixExperts;
pub use norm::Norm;
pub use norm_heads::NormHeads;
pub use pool::Pool;
pub use quantise::Quantise;
pub use quantise_weights::{FloatKind, QuantiseWeights};
pub use rope_append::RopeAppend;
pub use route::Route;
pub use rows::{BLOCK_TOKENS, Output, Row};
pub use sample::Sample;
pub use short_convolution::ShortConvolution;
pub use tile::{AttentionTile, CooperativeTile, MatvecShape, Tile};
pub use variant::{Variant, WeightLayout};

include!(concat!(env!("OUT_DIR"), "/shaders.rs"));

/// How a kernel uses what is bound.
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
    /// Its use.
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
