//! What a caller can ask for, and what is told at the end.

use std::str::FromStr;

use wgslm_formats::quantise::Policy;
use wgslm_shaders::Encoding;
use wgslm_shaders::KvFormat;

use super::blocks::BlockOrder;
use super::ranges::SamplingRange;
use super::sequence::Sampling;
use crate::model::select::Kernels;
use crate::{Error, Result};

/// What the matrices multiply. The numbers that come out differ by what rounding costs, so this decides between speed and
/// closeness. What goes through the model a few tokens at a time, as decoding does, is rounded on software adapters alone: they
/// spend their time on arithmetic where GPUs wait for the weights.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Activations {
    /// Where the device's matrix units are used, f16 for prompts. Elsewhere as `Int8` for prompts of 64 tokens or more and for
    /// what is generated, and as `Float` for shorter prompts. As `Float` for [`super::Engine::logits`] anywhere.
    #[default]
    Auto,
    /// Activations are f32.
    Float,
    /// Activations are rounded to 8 bits, with a scale for each 32, where the weights have integer codes.
    Int8,
}

impl Activations {
    /// The tokens of a prompt from which `Auto` rounds activations to 8 bits.
    const AUTO_TOKENS: usize = 64;

    /// How some are encoded; if at all, those of decoding are so where few tokens have such kernels.
    pub(super) fn encoding(self, kernels: &Kernels) -> Option<Encoding> {
        match self {
            Self::Auto => Some(kernels.encoding()),
            Self::Float => None,
            Self::Int8 => Some(Encoding::Int8),
        }
    }

    /// Whether those of a prompt of `tokens` tokens are.
    pub(super) fn encode_prompt(self, tokens: usize, kernels: &Kernels) -> bool {
        match self {
            Self::Auto => kernels.encoding() == Encoding::F16 || tokens >= Self::AUTO_TOKENS,
            Self::Float => false,
            Self::Int8 => true,
        }
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

/// How a model is to be prepared. The default suits most.
#[derive(Clone, Debug, Default)]
pub struct EngineOptions {
    /// Tokens the KV cache holds; the smaller of 4096 and what the model was trained for where absent.
    pub context_length: Option<u32>,
    /// Tokens of a prompt that go through the model at a time; chosen by the kind of device where absent.
    pub prefill_tokens: Option<u32>,
    /// What the matrices multiply.
    pub activations: Activations,
    /// What weights become as they are loaded; what they are in the file where absent.
    pub quantize: Option<Policy>,
    /// How keys and values are kept; what is fastest on the device where absent: f16 on GPUs, f32 where the CPU stands in for one.
    pub kv_format: Option<KvFormat>,
    /// The order in which KV blocks are handed out.
    pub block_order: BlockOrder,
}

/// What to generate, and how.
#[derive(Clone, Debug)]
pub struct GenerateOptions {
    /// The most tokens to generate; as many as the context holds where absent.
    pub max_tokens: Option<u32>,
    /// 0 takes the most likely token; above, tokens are drawn from softmax(logits / temperature).
    pub temperature: f32,
    /// Decides what is drawn: the same seed and prompt give the same tokens.
    pub seed: u64,
    /// Draws from the `top_k` most likely tokens alone; 0 is off. First of the three, all of which look at the probabilities
    /// at temperature 1, before the temperature is applied, as llama.cpp does. Tokens as likely as the last one that stays
    /// stay too. None of the three changes anything at temperature 0.
    pub top_k: u32,
    /// Draws from the most likely tokens that together have at least this much of the probability that top-k left; 1 is off,
    /// and 0 takes the most likely token.
    pub top_p: f32,
    /// Draws from the tokens that are at least this much as likely as the most likely one; from 0, which is off, to 1.
    pub min_p: f32,
    /// Texts that end the answer; they aren't part of it.
    pub stop: Vec<String>,
    /// Tokens submitted to the device ahead of the one being waited for, that one included; from 1 to 16.
    pub tokens_in_flight: u32,
    /// Whether stop tokens count as any other: for measuring how fast tokens come, whatever they are.
    pub ignore_stop: bool,
    /// Tokens at the start of the prompt that the timings leave out: for measuring what happens after them.
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

    /// How the kernels choose a token. What has no effect where the most likely one is taken costs nothing there either.
    pub(super) fn sampling(&self) -> Sampling {
        let inverse = 1.0 / self.temperature;
        let seed = self.folded_seed();
        if inverse.is_finite() && self.top_p > 0.0 {
            Sampling { inverse_temperature: inverse, seed, top_k: self.top_k, top_p: self.top_p, min_p: self.min_p }
        } else {
            Sampling { inverse_temperature: 0.0, seed, top_k: 0, top_p: 1.0, min_p: 0.0 }
        }
    }

    /// The seed as the kernel takes it: both halves count.
    fn folded_seed(&self) -> u32 {
        (self.seed ^ (self.seed >> 32).wrapping_mul(0x9e37_79b9)) as u32
    }
}

/// Why a generation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FinishReason {
    /// A stop token or a stop string came.
    Stop,
    /// The most tokens asked for were generated.
    Length,
    /// The context is full.
    Context,
    /// The caller cancelled.
    Cancelled,
}

impl FinishReason {
    /// Its name in reports and APIs.
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

/// How long a generation took.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Timings {
    /// From the request, or the last of the prompt's untimed tokens, to the first token, in ms.
    pub ttft_ms: f64,
    /// Timed tokens of the prompt a second, until the first token.
    pub prefill_tokens_per_s: f64,
    /// Tokens a second after the first; 0 where there was none.
    pub decode_tokens_per_s: f64,
}

/// What is told at the end of a generation.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// Why it ended.
    pub finish_reason: FinishReason,
    /// Tokens in the prompt.
    pub prompt_tokens: usize,
    /// Tokens generated, the stop token included.
    pub tokens: usize,
    /// How long it took.
    pub timings: Timings,
}

#[cfg(test)]
mod tests {
    use wgslm_gpu::Capabilities;

    use super::Activations;
    use crate::model::select::Kernels;

    #[test]
    fn long_prompts_alone_are_rounded_to_8_bits_without_being_asked() {
        let kernels = |cooperative| Kernels::new(&Capabilities { cooperative, ..Capabilities::default() }, None, None);
        for (activations, cooperative, encoded) in [
            (Activations::Auto, false, [false, true]),
            (Activations::Auto, true, [true, true]),
            (Activations::Float, true, [false, false]),
            (Activations::Int8, false, [true, true]),
        ] {
            let found = [63, 64].map(|tokens| activations.encode_prompt(tokens, &kernels(cooperative)));
            assert_eq!(found, encoded, "{activations:?}");
        }
    }
}
