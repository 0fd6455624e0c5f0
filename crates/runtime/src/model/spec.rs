//! A model as data, layer by layer.

use wgslm_shaders::{Activation, Pool};

/// A model as data: everything that is computed, layer by layer. The layout of its tensors in a file is not part of it. Sizes are
/// numbers of values.
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
    /// Attention is causal: a token sees itself and those before it, rather than all.
    pub causal: bool,
    /// The embedding of tokens into the residual stream.
    pub embedding: EmbeddingSpec,
    /// The ropes that layers refer to by index.
    pub ropes: Vec<RopeSpec>,
    /// The layers, in order.
    pub layers: Vec<LayerSpec>,
    /// The norm after the last layer, if there is one.
    pub output_norm: Option<NormSpec>,
    /// The result: logits or an embedding.
    pub output: OutputSpec,
    /// The output head is the embedding table.
    pub tied_head: bool,
}

/// A layer: a sublayer that mixes tokens, and a feed-forward network.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerSpec {
    /// The norms of both sublayers.
    pub norm: NormSpec,
    /// The places of the norms around each sublayer.
    pub norm_place: NormPlace,
    /// The sublayer that mixes tokens.
    pub mixer: MixerSpec,
    /// The feed-forward network.
    pub feed_forward: FeedForwardSpec,
    /// The factor of a sublayer's output as it is added to the residual stream.
    pub residual_scale: f32,
}

/// A sublayer that mixes tokens.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum MixerSpec {
    /// Attention.
    Attention(AttentionSpec),
    /// A short gated convolution (LFM2).
    ShortConvolution {
        /// Tokens that a token sees, itself included.
        taps: u32,
    },
}

/// The embedding of tokens into the residual stream.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EmbeddingSpec {
    /// The factor of token embeddings.
    pub scale: f32,
    /// Learned position embeddings are added.
    pub positions: bool,
    /// Token types, whose embeddings are added, 0 for none; all tokens are of the first type.
    pub types: u32,
    /// The norm before the first layer, if there is one.
    pub norm: Option<NormSpec>,
}

/// A norm of the residual stream.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NormSpec {
    /// The kind of norm.
    pub kind: NormKind,
    /// The epsilon added under the root.
    pub epsilon: f32,
}

/// The kind of a norm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NormKind {
    /// RMSNorm: by the root of the mean square (Zhang and Sennrich 2019).
    Rms,
    /// LayerNorm: by mean and variance, with a bias (Ba et al. 2016).
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
    /// True where a norm comes before a sublayer.
    pub(crate) fn is_before(self) -> bool {
        matches!(self, Self::Before | Self::Both)
    }

    /// True where a norm comes after a sublayer.
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
    /// Sliding window: n > 0 lets a token see itself and the n - 1 before it; 0 sets no limit.
    pub window: u32,
    /// The index in [`ModelSpec::ropes`] of the rope that rotates queries and keys, if any.
    pub rope: Option<usize>,
    /// The factor of attention scores.
    pub scale: f32,
    /// Soft cap of scores: n > 0 turns a score `s` into `n * tanh(s / n)`.
    pub soft_cap: f32,
    /// Attention sinks: each head has a score that takes part in the softmax but adds no value (Xiao et al. 2023).
    pub sinks: bool,
    /// The norm of queries and keys.
    pub qk_norm: QkNorm,
}

/// The norm of queries and keys before the rope, by the values that are normalised together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QkNorm {
    /// No norm.
    None,
    /// The values of each head.
    Head,
    /// The values of all heads.
    All,
}

/// Rotary position embedding (Su et al. 2021) as data. Scaling, of whatever kind, is part of the frequencies and the magnitude.
#[derive(Clone, Debug, PartialEq)]
pub struct RopeSpec {
    /// The angle by which each pair rotates from one position to the next.
    pub frequencies: Vec<f32>,
    /// The distance between the two values of a pair in a head: 1, or half the rotated width.
    pub pair_step: u32,
    /// The factor of rotated pairs.
    pub magnitude: f32,
    /// Optional tensors of factors that divide the frequencies, each with the longest context, in tokens, that it is for.
    pub factors: Vec<(u32, &'static str)>,
}

/// The feed-forward network of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeedForwardSpec {
    /// The network's hidden width, or each expert's.
    pub width: u32,
    /// The activation function.
    pub activation: Activation,
    /// Gated, as in SwiGLU: the activated values multiply others (Shazeer 2020).
    pub gated: bool,
    /// The experts, if any.
    pub experts: Option<ExpertsSpec>,
}

/// A mixture of experts (Shazeer et al. 2017).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExpertsSpec {
    /// Experts in a layer.
    pub count: u32,
    /// Experts that a token is routed to.
    pub used: u32,
}

/// The result of a model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum OutputSpec {
    /// Logits.
    Logits {
        /// The factor of logits.
        scale: f32,
        /// Soft cap of logits: n > 0 turns a logit `l` into `n * tanh(l / n)`.
        soft_cap: f32,
    },
    /// An embedding: one vector for all tokens.
    Embedding(Pooling),
    /// The scores of a classifier, such as how well a document answers a query.
    Scores(ClassifierSpec),
}

/// A classifier: a matrix, perhaps another with a hyperbolic tangent before it, on the pooled vector of all tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClassifierSpec {
    /// The way to pool.
    pub pooling: Pooling,
    /// The number of scores.
    pub labels: u32,
    /// Scores are probabilities, by softmax.
    pub softmax: bool,
}

/// What a model is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// Generating text.
    Generation,
    /// Making embeddings.
    Embedding,
    /// Scoring documents for a query.
    Ranking,
}

/// The way to pool the vectors of all tokens into one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pooling {
    /// The mean of all tokens' vectors.
    Mean,
    /// The first token's vector.
    First,
    /// The last token's vector.
    Last,
}

impl Pooling {
    /// The pooling's number in the kernel.
    pub(crate) fn number(self) -> u32 {
        match self {
            Self::Mean => Pool::MEAN,
            Self::First => Pool::FIRST,
            Self::Last => Pool::LAST,
        }
    }
}

impl RopeSpec {
    /// The index of the tensor of factors for a context of `context` tokens.
    pub(crate) fn factors_for(&self, context: u32) -> usize {
        let last = self.factors.len().saturating_sub(1);
        self.factors.iter().position(|(longest, _)| context <= *longest).unwrap_or(last)
    }
}
