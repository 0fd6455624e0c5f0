//! A request's options, and the question that equal requests share.

use std::collections::BTreeMap;
use std::time::Duration;

use wgslm_shaders::{Bias, Output};

use super::ranges::{SamplingRange, invalid};
use super::{Constrained, ContextFull, Priority, Speculation};
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
    /// Draws only from the `top_k` most likely tokens, and tokens as likely as the last of them; 0 is off. What tokens are drawn from
    /// is narrowed by `top_k`, `typical_p`, `top_p`, `min_p` and XTC in this order, which look at the probabilities at temperature 1,
    /// as in llama.cpp, and have no effect at temperature 0.
    pub top_k: u32,
    /// Locally typical sampling: draws only from the tokens whose logits are nearest to the expected one and that together have this
    /// share of the probability that `top_k` left; 1 is off. See [Meister et al.](https://arxiv.org/abs/2202.00666)
    pub typical_p: f32,
    /// Draws only from the fewest most likely tokens that together have this share of the probability that is left; 1 is off, and 0
    /// takes the most likely token.
    pub top_p: f32,
    /// Draws only from the tokens whose probability is at least this fraction of the most likely token's; from 0, which is off,
    /// to 1.
    pub min_p: f32,
    /// The probability that XTC (exclude top choices) applies to a token: of the tokens that have at least `xtc_threshold` of the
    /// probability that is left, all but the least likely are left out. 0 is off.
    pub xtc_probability: f32,
    /// The share of probability from which XTC leaves out a token; off above 0.5.
    pub xtc_threshold: f32,
    /// Divides positive logits of tokens that are among the last `penalty_last_n`, and multiplies negative ones; 1 is off. It and the
    /// two below have an effect at temperature 0 too.
    pub repetition_penalty: f32,
    /// Subtracted from a token's logit for each time that it is among the last `penalty_last_n`; 0 is off.
    pub frequency_penalty: f32,
    /// Subtracted from a token's logit if it is among the last `penalty_last_n`; 0 is off.
    pub presence_penalty: f32,
    /// The number of last tokens that these penalties look at, prompt included; at most [`Self::MOST_HISTORY`], and 0 is off.
    pub penalty_last_n: u32,
    /// DRY (don't repeat yourself): subtracts `dry_multiplier * dry_base ^ (n - dry_allowed_length)` from the logit of a token that
    /// would continue a repetition of n tokens, from `dry_allowed_length` on; 0 is off.
    pub dry_multiplier: f32,
    /// The base of the penalty of DRY.
    pub dry_base: f32,
    /// The length of the shortest repetition that DRY penalises the continuation of.
    pub dry_allowed_length: u32,
    /// The number of last tokens in which DRY looks for repetitions; at most [`Self::MOST_HISTORY`].
    pub dry_last_n: u32,
    /// Texts at which repetitions end, at most 64 of up to 40 bytes: tokens whose text contains one. A text that only several tokens
    /// spell together ends none.
    pub dry_sequence_breakers: Vec<String>,
    /// Numbers added to the logits of tokens before anything else; negative infinity leaves a token out. At most [`Self::MOST_BIASES`]
    /// tokens, those of `suppress_tokens` included; the numbers of one token add up.
    pub logit_bias: Vec<(u32, f32)>,
    /// Tokens that are never chosen.
    pub suppress_tokens: Vec<u32>,
    /// Asks for each token's log-probability, and for those of this many most likely ones, up to [`Self::MOST_LOGPROBS`].
    pub logprobs: Option<u32>,
    /// Stop sequences: texts that end the answer and aren't part of it.
    pub stop: Vec<String>,
    /// What happens when the context is full.
    pub context_full: ContextFull,
    /// The grammar that the answer has to follow. It ends where nothing may follow, whatever `max_tokens` is; stop strings count too.
    pub constraint: Option<Constrained>,
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
            typical_p: 1.0,
            top_p: 1.0,
            min_p: 0.0,
            xtc_probability: 0.0,
            xtc_threshold: 0.1,
            repetition_penalty: 1.0,
            frequency_penalty: 0.0,
            presence_penalty: 0.0,
            penalty_last_n: 64,
            dry_multiplier: 0.0,
            dry_base: 1.75,
            dry_allowed_length: 2,
            dry_last_n: Self::MOST_HISTORY,
            dry_sequence_breakers: ["\n", ":", "\"", "*"].map(str::to_owned).into(),
            logit_bias: Vec::new(),
            suppress_tokens: Vec::new(),
            logprobs: None,
            stop: Vec::new(),
            context_full: ContextFull::Stop,
            constraint: None,
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

    /// The most last tokens that penalties and DRY can look at.
    pub const MOST_HISTORY: u32 = Output::HISTORY;
    /// The most tokens with biases.
    pub const MOST_BIASES: usize = Output::BIASES as usize;
    /// The most tokens whose log-probabilities come beside a chosen one's.
    pub const MOST_LOGPROBS: u32 = Output::ALTERNATIVES;

    /// Refuses options that can't be.
    pub(super) fn check(&self, vocabulary: u32) -> Result<()> {
        let ranges = [
            (SamplingRange::TEMPERATURE, self.temperature),
            (SamplingRange::TYPICAL_P, self.typical_p),
            (SamplingRange::TOP_P, self.top_p),
            (SamplingRange::MIN_P, self.min_p),
            (SamplingRange::XTC_PROBABILITY, self.xtc_probability),
            (SamplingRange::XTC_THRESHOLD, self.xtc_threshold),
            (SamplingRange::REPETITION_PENALTY, self.repetition_penalty),
            (SamplingRange::FREQUENCY_PENALTY, self.frequency_penalty),
            (SamplingRange::PRESENCE_PENALTY, self.presence_penalty),
            (SamplingRange::DRY_MULTIPLIER, self.dry_multiplier),
            (SamplingRange::DRY_BASE, self.dry_base),
        ];
        let biases = self.logit_bias.iter().map(|(_, value)| (SamplingRange::LOGIT_BIAS, *value));
        ranges.into_iter().chain(biases).try_for_each(|(range, value)| range.check(value))?;
        let numbers = [
            ("tokens in flight", self.tokens_in_flight, 1, Self::MOST_IN_FLIGHT),
            ("penalised last tokens", self.penalty_last_n, 0, Self::MOST_HISTORY),
            ("last tokens of DRY", self.dry_last_n, 0, Self::MOST_HISTORY),
            ("log-probabilities", self.logprobs.unwrap_or(0), 0, Self::MOST_LOGPROBS),
            ("tokens with a bias", self.biases().len() as u32, 0, Output::BIASES),
            ("DRY sequence breakers", self.dry_sequence_breakers.len() as u32, 0, Self::MOST_BREAKERS),
        ];
        for (option, value, least, most) in numbers {
            if !(least..=most).contains(&value) {
                return Err(invalid(option, &value, &format!("from {least} to {most}")));
            }
        }
        if let Some(text) = self.dry_sequence_breakers.iter().find(|text| !(1..=40).contains(&text.len())) {
            return Err(invalid("DRY sequence breaker", text, "a text of 1 to 40 bytes"));
        }
        let mut tokens = self.logit_bias.iter().map(|(token, _)| token).chain(&self.suppress_tokens);
        match tokens.find(|token| **token >= vocabulary) {
            Some(token) => Err(Error::UnknownToken { token: *token, vocabulary }),
            None => Ok(()),
        }
    }

    const MOST_BREAKERS: u32 = 64;

    /// The bias of each token that has one.
    pub(super) fn biases(&self) -> Vec<Bias> {
        let mut biases = BTreeMap::new();
        let suppressed = self.suppress_tokens.iter().map(|token| (*token, f32::NEG_INFINITY));
        for (token, value) in self.logit_bias.iter().copied().chain(suppressed) {
            *biases.entry(token).or_insert(0.0) += value;
        }
        biases.into_iter().map(|(token, value): (u32, f32)| Bias { token, value: value.max(Bias::NEVER) }).collect()
    }

    /// The options on which the answer depends; `None` where it is the request's own.
    pub(super) fn into_shared(self) -> Option<Self> {
        let own =
            !self.coalesce || self.constraint.is_some() || self.queue_deadline.is_some() || self.deadline.is_some();
        (!own).then_some(Self { tokens_in_flight: 1, feature: None, ..self })
    }

    /// The seed folded into the kernel's 32 bits, so that both halves count.
    pub(super) fn folded_seed(&self) -> u32 {
        (self.seed ^ (self.seed >> 32).wrapping_mul(0x9e37_79b9)) as u32
    }
}
