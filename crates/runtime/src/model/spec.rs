//! An architecture as data.

use wgslm_shaders::{Activation, Pool};

/// A model as data: everything that is computed, layer by layer. The layout of its tensors in a file is not part of it. Sizes count
/// values.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelSpec {
    /// The architecture's name, as GGUF has it.
    pub architecture: String,
    /// The model's name; empty where the file gives none.
    pub name: String,
    /// Width of the residual stream.
    pub width: u32,
    /// Tokens in the vocabulary.
    pub vocabulary: u32,
    /// Positions the model was trained for.
    pub context_length: u32,
    /// A token sees those before it only, rather than all.
    pub causal: bool,
    /// From tokens to the residual stream.
    pub embedding: EmbeddingSpec,
    /// The ropes that layers name.
    pub ropes: Vec<RopeSpec>,
    /// The layers, in order.
    pub layers: Vec<LayerSpec>,
    /// The norm after the last layer, if there is one.
    pub output_norm: Option<NormSpec>,
    /// From the residual stream to the result.
    pub output: OutputSpec,
    /// The output head is the embedding table.
    pub tied_head: bool,
}

/// A layer: a sublayer that mixes tokens, and a feed-forward network.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerSpec {
    /// The norms of both sublayers.
    pub norm: NormSpec,
    /// The places of these norms.
    pub norm_place: NormPlace,
    /// The sublayer that mixes tokens.
    pub mixer: MixerSpec,
    /// The feed-forward network.
    pub feed_forward: FeedForwardSpec,
    /// The factor of what a sublayer adds to the residual stream.
    pub residual_scale: f32,
}

/// A sublayer that mixes tokens.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum MixerSpec {
    /// Attention.
    Attention(AttentionSpec),
    /// A gated convolution over this many tokens (LFM2).
    ShortConvolution {
        /// Tokens that a token sees, itself included.
        taps: u32,
    },
}

/// From tokens to the residual stream.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EmbeddingSpec {
    /// The factor of embeddings.
    pub scale: f32,
    /// Positions have embeddings as well.
    pub positions: bool,
    /// Kinds of token that have embeddings as well; all tokens are of the first.
    pub types: u32,
    /// The norm before the first layer, if there is one.
    pub norm: Option<NormSpec>,
}

/// A norm of the residual stream.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NormSpec {
    /// The way to normalise.
    pub kind: NormKind,
    /// Keeps the root from zero.
    pub epsilon: f32,
}

/// A way to normalise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NormKind {
    /// By the root of the mean square (Zhang and Sennrich 2019).
    Rms,
    /// By mean and variance, with a bias (Ba et al. 2016).
    Layer,
}

/// The places of norms around a sublayer `f`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NormPlace {
    /// `x + f(norm(x))`.
    Before,
    /// `x + norm(f(x))`.
    After,
    /// `x + norm(f(norm(x)))`.
    Both,
    /// `norm(x + f(x))`, as in the first transformers.
    AfterSum,
}

impl NormPlace {
    /// There is a norm before a sublayer.
    pub(crate) fn is_before(self) -> bool {
        matches!(self, Self::Before | Self::Both)
    }

    /// There is a norm after a sublayer.
    pub(crate) fn is_after(self) -> bool {
        self != Self::Before
    }
}

/// Attention in a layer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AttentionSpec {
    /// Query heads.
    pub heads: u32,
    /// KV heads; they divide the query heads.
    pub kv_heads: u32,
    /// Width of a head.
    pub head_width: u32,
    /// n > 0: a token sees itself and the n - 1 before it, else all before it.
    pub window: u32,
    /// The rope that turns queries and keys, by its place among the model's, if any.
    pub rope: Option<usize>,
    /// The factor of scores.
    pub scale: f32,
    /// n > 0: a score `s` becomes `n * tanh(s / n)`.
    pub soft_cap: f32,
    /// Each head has a score that takes its share and gives nothing (Xiao et al. 2023).
    pub sinks: bool,
    /// The queries and keys that are normalised together.
    pub qk_norm: QkNorm,
}

/// The queries and keys that are normalised together, before the rope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QkNorm {
    /// None.
    None,
    /// Those of each head.
    Head,
    /// Those of all heads.
    All,
}

/// Rotary position embedding (Su et al. 2021) as data: every way of scaling it comes down to the frequencies.
#[derive(Clone, Debug, PartialEq)]
pub struct RopeSpec {
    /// The angle by which each pair turns from one position to the next.
    pub frequencies: Vec<f32>,
    /// The distance between the two values of a pair in a head: 1, or half the rotated width.
    pub pair_step: u32,
    /// The factor of rotated pairs.
    pub magnitude: f32,
    /// Tensors that the frequencies are divided by, each up to this many tokens of context; a file needn't have them.
    pub factors: Vec<(u32, &'static str)>,
}

/// The feed-forward network of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeedForwardSpec {
    /// Its width, or that of each expert.
    pub width: u32,
    /// The activation.
    pub activation: Activation,
    /// The activated values are a gate for others (Shazeer 2020).
    pub gated: bool,
    /// The experts, if any.
    pub experts: Option<ExpertsSpec>,
}

/// Experts (Shazeer et al. 2017).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExpertsSpec {
    /// Experts there are.
    pub count: u32,
    /// Experts that a token goes to.
    pub used: u32,
}

/// The result of a model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum OutputSpec {
    /// Logits.
    Logits {
        /// Their factor.
        scale: f32,
        /// n > 0: a logit `l` becomes `n * tanh(l / n)`.
        soft_cap: f32,
    },
    /// One vector for all tokens.
    Embedding(Pooling),
}

/// A way to make one vector of those of all tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pooling {
    /// Their mean.
    Mean,
    /// The first.
    First,
    /// The last.
    Last,
}

impl Pooling {
    /// The number that the kernel knows it by.
    pub(crate) fn number(self) -> u32 {
        match self {
            Self::Mean => Pool::MEAN,
            Self::First => Pool::FIRST,
            Self::Last => Pool::LAST,
        }
    }
}

impl RopeSpec {
    /// The place of the tensor of factors for a context of so many tokens.
    pub(crate) fn factors_for(&self, context: u32) -> usize {
        let last = self.factors.len().saturating_sub(1);
        self.factors.iter().position(|(longest, _)| context <= *longest).unwrap_or(last)
    }
}
