//! The options of an engine and of a generation, and the summary of a generation.

use std::str::FromStr;

use wgslm_formats::quantise::Policy;
use wgslm_shaders::Encoding;
use wgslm_shaders::KvFormat;

use super::BlockOrder;
use super::ranges::SamplingRange;
use super::sequence::Sampling;
use crate::model::select::Kernels;
use crate::{Error, Result};

/// The precision of the activations that matrices multiply: less is faster, at the cost of rounding. It is a sequence's own: what else
/// is in a step changes nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Activations {
    /// The fastest on the device. Steps of many tokens take f16 where there are matrix units, else as `Int8`. Steps of few tokens, as
    /// in decode, take as `Int8` the matrices for which the device was measured to be faster so, on software adapters all. Always as
    /// `Float` in [`super::Engine::logits`].
    #[default]
    Auto,
    /// Activations are f32.
    Float,
    /// Activations are rounded to 8 bits, with a scale for each 32, where the weights have integer codes.
    Int8,
}

impl Activations {
    /// The encoding of activations in steps of many tokens; none where all are f32. On devices without kernels of their own for few
    /// tokens also in those.
    pub(super) fn encoding(self, kernels: &Kernels) -> Option<Encoding> {
        match self {
            Self::Auto => Some(kernels.encoding()),
            Self::Float => None,
            Self::Int8 => Some(Encoding::Int8),
        }
    }

    /// True where activations are rounded.
    pub(super) fn rounds(self) -> bool {
        self != Self::Float
    }
}

impl FromStr for Activations {
    type Err = Error;

    /// Reads `auto`, `float` or `int8`.
    ///
    /// # Errors
    /// [`Error::InvalidOption`] for anything else.
    fn from_str(text: &str) -> Result<Self> {
        match text {
            "auto" => Ok(Self::Auto),
            "float" => Ok(Self::Float),
            "int8" => Ok(Self::Int8),
            _ => Err(Error::InvalidOption {
                option: "activations".to_owned(),
                value: text.to_owned(),
                expected: "auto, float or int8".to_owned(),
            }),
        }
    }
}

/// Options for loading a model. The default suits most.
#[derive(Clone, Debug, Default)]
pub struct EngineOptions {
    /// The most tokens of a sequence, prompt and answer together; where absent, 4096, or fewer where the model or the device allows
    /// no more.
    pub context_length: Option<u32>,
    /// Sequences that can be open at a time; where absent, 4.
    pub slots: Option<u32>,
    /// Tokens that the KV cache holds for all sequences together; where absent, as many as one sequence can have. Layers with a
    /// window need less, and room for the windows of all sequences is kept for them.
    pub kv_tokens: Option<u32>,
    /// States of sequences that are kept for later requests, besides those of open sequences, by models with layers whose state
    /// has a fixed size (LFM2); where absent, as many as fit 32 MiB, up to 256.
    pub state_checkpoints: Option<u32>,
    /// Tokens in a prefill chunk; chosen by the kind of device where absent.
    pub prefill_tokens: Option<u32>,
    /// The precision of activations.
    pub activations: Activations,
    /// The policy for quantising weights as they are loaded; where absent, they stay as in the file.
    pub quantize: Option<Policy>,
    /// The format of the KV cache; the fastest on the device where absent: f16 on GPUs, f32 on software adapters. Codes of 8 bits
    /// hold nearly twice the context in the same memory.
    pub kv_format: Option<KvFormat>,
    /// The order in which the KV cache's blocks are allocated.
    #[doc(hidden)]
    pub block_order: BlockOrder,
}

/// Options of a generation: its length, sampling and stop sequences.
#[derive(Clone, Debug)]
pub struct GenerateOptions {
    /// The most tokens to generate; as many as the context holds where absent.
    pub max_tokens: Option<u32>,
    /// Sampling temperature: 0 takes the most likely token; above, tokens are drawn from softmax(logits / temperature).
    pub temperature: f32,
    /// Seed of the draws: the same seed and prompt give the same tokens.
    pub seed: u64,
    /// Draws only from the `top_k` most likely tokens, and tokens as likely as the last of them; 0 is off. Applied before `top_p`
    /// and `min_p`. All three look at the probabilities at temperature 1, as in llama.cpp, and have no effect at temperature 0.
    pub top_k: u32,
    /// Draws only from the fewest most likely tokens that together have this share of the probability that `top_k` left; 1 is
    /// off, and 0 takes the most likely token.
    pub top_p: f32,
    /// Draws only from the tokens whose probability is at least this fraction of the most likely token's; from 0, which is off,
    /// to 1.
    pub min_p: f32,
    /// Stop sequences: texts that end the answer and aren't part of it.
    pub stop: Vec<String>,
    /// Tokens submitted to the device at a time, the one being waited for included; from 1 to 16.
    pub tokens_in_flight: u32,
    /// Stop tokens count as any other: for benchmarks, which need a fixed number of tokens.
    #[doc(hidden)]
    pub ignore_stop: bool,
    /// Tokens at the start of the prompt that the timings leave out: for benchmarks at a depth.
    #[doc(hidden)]
    pub untimed_tokens: u32,
}

impl Default for GenerateOptions {
    fn default() -> Self {
        Self {
            max_tokens: None,
            temperature: 0.0,
            seed: 0,
            top_k: 0,
            top_p: 1.0,
            min_p: 0.0,
            stop: Vec::new(),
            tokens_in_flight: 4,
            ignore_stop: false,
            untimed_tokens: 0,
        }
    }
}

impl GenerateOptions {
    /// The most tokens that can be in flight.
    pub const MOST_IN_FLIGHT: u32 = 16;

    pub(super) fn check(&self) -> Result<()> {
        SamplingRange::TEMPERATURE.check(self.temperature)?;
        SamplingRange::TOP_P.check(self.top_p)?;
        SamplingRange::MIN_P.check(self.min_p)?;
        if (1..=Self::MOST_IN_FLIGHT).contains(&self.tokens_in_flight) {
            return Ok(());
        }
        Err(Error::InvalidOption {
            option: "tokens in flight".to_owned(),
            value: self.tokens_in_flight.to_string(),
            expected: format!("from 1 to {}", Self::MOST_IN_FLIGHT),
        })
    }

    /// The parameters with which kernels sample a token. Truncation is off where the most likely token is taken, since it would
    /// only cost time.
    pub(super) fn sampling(&self) -> Sampling {
        let inverse = 1.0 / self.temperature;
        let seed = self.folded_seed();
        if inverse.is_finite() && self.top_p > 0.0 {
            Sampling { inverse_temperature: inverse, seed, top_k: self.top_k, top_p: self.top_p, min_p: self.min_p }
        } else {
            Sampling { inverse_temperature: 0.0, seed, top_k: 0, top_p: 1.0, min_p: 0.0 }
        }
    }

    /// The seed folded into the kernel's 32 bits, so that both halves count.
    fn folded_seed(&self) -> u32 {
        (self.seed ^ (self.seed >> 32).wrapping_mul(0x9e37_79b9)) as u32
    }
}

/// The reason that a generation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FinishReason {
    /// A stop token or a stop string was generated.
    Stop,
    /// The limit on generated tokens was reached.
    Length,
    /// The context is full.
    Context,
    /// The caller cancelled.
    Cancelled,
}

impl FinishReason {
    /// The reason's name in reports and APIs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::Length => "length",
            Self::Context => "context",
            Self::Cancelled => "cancelled",
        }
    }
}

/// The durations and rates of a generation.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Timings {
    /// Time to first token (TTFT) in ms, from the request or from the end of the prompt's untimed tokens.
    pub ttft_ms: f64,
    /// Prefill rate: the prompt's timed tokens a second, until the first token.
    pub prefill_tokens_per_s: f64,
    /// Decode rate: tokens a second after the first token; 0 where there were none.
    pub decode_tokens_per_s: f64,
}

/// The summary at the end of a generation.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// The reason that the generation ended.
    pub finish_reason: FinishReason,
    /// Tokens in the prompt.
    pub prompt_tokens: usize,
    /// Tokens generated, the stop token included.
    pub tokens: usize,
    /// The generation's durations and rates.
    pub timings: Timings,
}
