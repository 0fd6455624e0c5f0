//! A request's options, and the question that equal requests share.

use std::time::Duration;

use super::ranges::SamplingRange;
use super::{ContextFull, Priority, Sampling, Speculation};
use crate::{Error, Result};

/// Options of a generation: its length, sampling and stop sequences, and its place among others.
#[derive(Clone, Debug, PartialEq)]
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
    /// What happens when the context is full.
    pub context_full: ContextFull,
    /// The source of drafts, guesses at the next tokens that are tried in one step. They never change the answer.
    pub speculation: Speculation,
    /// Tokens submitted to the device at a time, the one being waited for included; from 1 to 16.
    pub tokens_in_flight: u32,
    /// Stop tokens count as any other: for benchmarks, which need a fixed number of tokens.
    #[doc(hidden)]
    pub ignore_stop: bool,
    /// The request's claim to be answered before others.
    pub priority: Priority,
    /// The longest time that the request may wait for a slot; it ends with [`Error::Deadline`] then.
    pub queue_deadline: Option<Duration>,
    /// The longest time that the answer may take, the wait included; it ends with [`FinishReason::Deadline`](super::FinishReason) then,
    /// and keeps its tokens.
    pub deadline: Option<Duration>,
    /// The tag that metrics count the request under besides all others.
    pub feature: Option<String>,
    /// Shares the computation with equal requests that are under way. Such requests have the same answer, so it costs nothing.
    pub coalesce: bool,
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
            context_full: ContextFull::Stop,
            speculation: Speculation::Off,
            tokens_in_flight: 4,
            ignore_stop: false,
            priority: Priority::Interactive,
            queue_deadline: None,
            deadline: None,
            feature: None,
            coalesce: true,
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

    /// The options on which the answer depends; `None` where it is the request's own.
    pub(super) fn into_shared(self) -> Option<Self> {
        let own = !self.coalesce || self.queue_deadline.is_some() || self.deadline.is_some();
        (!own).then_some(Self { tokens_in_flight: 1, feature: None, ..self })
    }

    /// The seed folded into the kernel's 32 bits, so that both halves count.
    fn folded_seed(&self) -> u32 {
        (self.seed ^ (self.seed >> 32).wrapping_mul(0x9e37_79b9)) as u32
    }
}
