//! An architecture as data.

use wgslm_shaders::{Activation, Pool};

/// What the graph builder needs to know of a model. Sizes count values.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelSpec {
    /// The architecture's name, as GGUF has it.
    pub architecture: String,
    /// The model's name; empty where the file gives none.
    pub name: String,
    /// Width of the residual stream.
    pub width: u32,
    /// Query heads.
    pub heads: u32,
    /// KV heads; they divide the query heads.
    pub kv_heads: u32,
    /// Width of a head.
    pub head_width: u32,
    /// Tokens in the vocabulary.
    pub vocabulary: u32,
    /// Positions the model was trained for.
    pub context_length: u32,
    /// The layers, in order.
    pub layers: Vec<Layer>,
    /// How tokens become the residual stream.
    pub embedding: EmbeddingSpec,
    /// Every norm of the stream.
    pub norm: NormSpec,
    /// What attention has in all layers.
    pub attention: AttentionSpec,
    /// The ropes that layers name.
    pub ropes: Vec<RopeSpec>,
    /// The feed-forward networks.
    pub feed_forward: FeedForwardSpec,
    /// What a sublayer adds to the residual stream is multiplied by this.
    pub residual_scale: f32,
    /// What comes after the last layer.
    pub output: OutputSpec,
    /// Whether the output head is the embedding table.
    pub tied_head: bool,
}

/// What mixes the tokens in a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layer {
    /// Attention.
    Attention {
        /// n > 0: a token sees itself and the n - 1 before it, else all before it.
        window: u32,
        /// Which of the model's ropes turns queries and keys, if any.
        rope: Option<usize>,
    },
    /// A gated convolution over this many tokens (LFM2).
    ShortConvolution {
        /// Tokens that a token sees, itself included.
        taps: u32,
    },
}

/// How tokens become the residual stream.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EmbeddingSpec {
    /// Embeddings are multiplied by this.
    pub scale: f32,
    /// Whether positions have embeddings as well.
    pub positions: bool,
    /// Kinds of token that have embeddings as well; all tokens are of the first.
    pub types: u32,
    /// Whether there is a norm before the first layer.
    pub norm: bool,
}

/// Every norm of the residual stream.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NormSpec {
    /// How it's computed.
    pub kind: NormKind,
    /// Keeps the root from zero.
    pub epsilon: f32,
    /// Where sublayers have it.
    pub place: NormPlace,
    /// The name of the norm before a feed-forward network.
    pub feed_forward: &'static str,
    /// The name of the norm after the last layer, if there is one.
    pub output: Option<&'static str>,
}

/// A way to normalise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NormKind {
    /// By the root of the mean square (Zhang and Sennrich 2019).
    Rms,
    /// By mean and variance, with a bias (Ba et al. 2016).
    Layer,
}

/// Where a sublayer has norms.
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
    /// Whether what a sublayer reads is normalised first.
    pub(crate) fn is_before(self) -> bool {
        matches!(self, Self::Before | Self::Both)
    }

    /// Whether there is a norm after a sublayer.
    pub(crate) fn is_after(self) -> bool {
        self != Self::Before
    }
}

/// What attention has in all layers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AttentionSpec {
    /// Whether a token sees those before it only, rather than all.
    pub causal: bool,
    /// Scores are multiplied by this.
    pub scale: f32,
    /// n > 0: a score `s` becomes `n * tanh(s / n)`.
    pub soft_cap: f32,
    /// Whether each head has a score that takes its share and gives nothing (Xiao et al. 2023).
    pub sinks: bool,
    /// Which queries and keys are normalised together.
    pub qk_norm: QkNorm,
    /// Whether the file has queries, keys and values in one matrix.
    pub fused: bool,
}

/// Which queries and keys are normalised together, before the rope.
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
    /// What the rotated pairs are multiplied by.
    pub magnitude: f32,
    /// Tensors that the frequencies are divided by, each up to this many tokens of context; a file needn't have them.
    pub factors: Vec<(u32, &'static str)>,
}

/// The feed-forward networks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeedForwardSpec {
    /// Their width, or that of each expert.
    pub width: u32,
    /// The activation.
    pub activation: Activation,
    /// Whether what is activated is a gate for something else (Shazeer 2020).
    pub gated: bool,
    /// Whether the file has both in one matrix.
    pub fused: bool,
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

/// What comes after the last layer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum OutputSpec {
    /// Logits.
    Logits {
        /// They are multiplied by this.
        scale: f32,
        /// n > 0: a logit `l` becomes `n * tanh(l / n)`.
        soft_cap: f32,
    },
    /// One vector for all tokens.
    Embedding(Pooling),
}

/// How the vectors of all tokens become one.
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
    /// As the kernel numbers it.
    pub(crate) fn number(self) -> u32 {
        match self {
            Self::Mean => Pool::MEAN,
            Self::First => Pool::FIRST,
            Self::Last => Pool::LAST,
        }
    }
}

impl RopeSpec {
    /// Which of the tensors of factors is for a context of so many tokens.
    pub(crate) fn factors_for(&self, context: u32) -> usize {
        let last = self.factors.len().saturating_sub(1);
        self.factors.iter().position(|(longest, _)| context <= *longest).unwrap_or(last)
    }
}
