//! Options of a generation.

use serde::Deserialize;
use tsify::Tsify;

use super::error::duration;
use crate::engine::{self, Constrained, ContextFull, GenerateOptions};

/// Options of a generation.
#[derive(Default, Deserialize, Tsify)]
#[serde(rename_all = "camelCase", default)]
pub struct GenerationOptions {
    /// The most tokens to generate; by default as many as the context holds.
    #[tsify(type = "number")]
    max_tokens: Option<u32>,
    /// The sampling temperature: 0, the default, always takes the likeliest token; 1 samples from the model's own probabilities.
    #[tsify(type = "number")]
    temperature: Option<f32>,
    /// The seed of sampling: the same seed gives the same answer.
    #[tsify(type = "number")]
    seed: Option<u64>,
    /// Top-k: samples from this many of the likeliest tokens, and any that are as likely as the last of them; 0, the default, is
    /// off.
    ///
    /// `topK`, `topP` and `minP` apply in this order, to the probabilities at temperature 1; the temperature comes after
    /// them, as in llama.cpp. They have no effect at temperature 0.
    #[tsify(type = "number")]
    top_k: Option<u32>,
    /// Top-p: samples from the likeliest tokens that together have this share of the probability that `topK` left; 1, the
    /// default, is off, and 0 takes the likeliest token.
    #[tsify(type = "number")]
    top_p: Option<f32>,
    /// Min-p: samples from tokens that are at least this fraction, up to 1, as likely as the likeliest one; 0, the default, is
    /// off.
    #[tsify(type = "number")]
    min_p: Option<f32>,
    /// Typical-p: samples from the tokens whose logits are nearest to the expected one and that together have this share of the probability that `topK`
    /// left; 1, the default, is off.
    #[tsify(type = "number")]
    typical_p: Option<f32>,
    /// XTC: the probability with which all but the least likely of the tokens that reach `xtcThreshold` are left out; 0, the default, is off.
    #[tsify(type = "number")]
    xtc_probability: Option<f32>,
    /// The share of probability from which XTC leaves out tokens; by default 0.1.
    #[tsify(type = "number")]
    xtc_threshold: Option<f32>,
    /// The factor by which the logits of tokens among the last `penaltyLastN` go down; 1, the default, is off.
    #[tsify(type = "number")]
    repetition_penalty: Option<f32>,
    /// What is taken from a logit for each time that its token is among the last `penaltyLastN`; 0, the default, is off.
    #[tsify(type = "number")]
    frequency_penalty: Option<f32>,
    /// What is taken from a logit if its token is among the last `penaltyLastN`; 0, the default, is off.
    #[tsify(type = "number")]
    presence_penalty: Option<f32>,
    /// The number of last tokens that the penalties look at, up to 2048; by default 64.
    #[tsify(type = "number")]
    penalty_last_n: Option<u32>,
    /// DRY: what is taken from the logit of a token that would continue a repetition of `dryAllowedLength` tokens, times `dryBase` for each token more; 0, the
    /// default, is off.
    #[tsify(type = "number")]
    dry_multiplier: Option<f32>,
    /// The base of DRY; by default 1.75.
    #[tsify(type = "number")]
    dry_base: Option<f32>,
    /// The length of the shortest repetition that DRY penalises; by default 2.
    #[tsify(type = "number")]
    dry_allowed_length: Option<u32>,
    /// The number of last tokens in which DRY looks for repetitions, up to 2048, the default.
    #[tsify(type = "number")]
    dry_last_n: Option<u32>,
    /// The texts at which DRY's repetitions end; by default a line break, `:`, `"` and `*`.
    #[tsify(type = "readonly string[]")]
    dry_sequence_breakers: Option<Vec<String>>,
    /// Pairs of a token and the number that is added to its logit; `-Infinity` leaves it out.
    #[tsify(type = "readonly (readonly [token: number, bias: number])[]")]
    logit_bias: Vec<(u32, f32)>,
    /// Tokens that are never chosen.
    #[tsify(type = "readonly number[]")]
    suppress_tokens: Vec<u32>,
    /// Asks for the log-probability of each token, and for those of this many of the likeliest ones, up to 20.
    #[tsify(type = "number")]
    logprobs: Option<u32>,
    /// The source of drafts, which are tried several in a step: `lookup` takes what followed the last tokens when they occurred before. The
    /// answer is the same, and sooner where a text is edited or quoted.
    speculation: Speculation,
    /// Goes on when the context is full, without the older half of the tokens after so many first ones; by default the answer ends then.
    #[tsify(type = "number")]
    slide: Option<u32>,
    /// Stop sequences: texts that end the answer and are not part of it.
    #[tsify(type = "readonly string[]")]
    stop: Vec<String>,
    /// The number of tokens that the GPU computes ahead of reading them back, from 1 to 16. It changes speed, never the answer.
    #[tsify(type = "number")]
    tokens_in_flight: Option<u32>,
    /// The claim to be answered before others; by default `interactive`.
    priority: Priority,
    /// The longest time that the request may wait for a slot, in ms; it fails with the code `deadline` then.
    #[tsify(type = "number")]
    queue_deadline_ms: Option<f64>,
    /// The longest time that the answer may take, the wait included, in ms; it ends with the `finishReason` `deadline` then, and keeps
    /// its tokens.
    #[tsify(type = "number")]
    deadline_ms: Option<f64>,
    /// The tag that `metrics` counts the request under besides all others.
    #[tsify(type = "string")]
    feature: Option<String>,
    /// Shares the computation with equal requests that are under way; by default true. Such requests have the same answer.
    #[tsify(type = "boolean")]
    coalesce: Option<bool>,
}

/// A claim to be answered before others: somebody waits for the answer (`interactive`), or nobody does (`background`).
#[derive(Clone, Copy, Default, Deserialize, Tsify)]
#[serde(rename_all = "lowercase")]
enum Priority {
    #[default]
    Interactive,
    Background,
}

impl From<Priority> for engine::Priority {
    fn from(wanted: Priority) -> Self {
        match wanted {
            Priority::Interactive => Self::Interactive,
            Priority::Background => Self::Background,
        }
    }
}

/// A source of drafts.
#[derive(Clone, Copy, Default, Deserialize, Tsify)]
#[serde(rename_all = "lowercase")]
enum Speculation {
    #[default]
    Off,
    Lookup,
}

impl From<Speculation> for engine::Speculation {
    fn from(wanted: Speculation) -> Self {
        match wanted {
            Speculation::Off => Self::Off,
            Speculation::Lookup => Self::Lookup,
        }
    }
}

/// Options of a benchmark.
#[derive(Default, Deserialize, Tsify)]
#[serde(rename_all = "camelCase", default)]
pub struct MeasuringOptions {
    /// Continues after a stop token: speed doesn't depend on which tokens are generated.
    pub(super) ignore_stop: bool,
}

impl GenerationOptions {
    /// The options for the engine, with the grammar of the answer.
    ///
    /// # Errors
    /// As [`duration`].
    pub(super) fn with(self, constraint: Option<Constrained>, ignore_stop: bool) -> crate::Result<GenerateOptions> {
        let default = GenerateOptions::default();
        let time = |option, ms: Option<f64>| ms.map(|ms| duration(option, ms)).transpose();
        Ok(GenerateOptions {
            max_tokens: self.max_tokens,
            temperature: self.temperature.unwrap_or(default.temperature),
            seed: self.seed.unwrap_or(default.seed),
            top_k: self.top_k.unwrap_or(default.top_k),
            top_p: self.top_p.unwrap_or(default.top_p),
            min_p: self.min_p.unwrap_or(default.min_p),
            typical_p: self.typical_p.unwrap_or(default.typical_p),
            xtc_probability: self.xtc_probability.unwrap_or(default.xtc_probability),
            xtc_threshold: self.xtc_threshold.unwrap_or(default.xtc_threshold),
            repetition_penalty: self.repetition_penalty.unwrap_or(default.repetition_penalty),
            frequency_penalty: self.frequency_penalty.unwrap_or(default.frequency_penalty),
            presence_penalty: self.presence_penalty.unwrap_or(default.presence_penalty),
            penalty_last_n: self.penalty_last_n.unwrap_or(default.penalty_last_n),
            dry_multiplier: self.dry_multiplier.unwrap_or(default.dry_multiplier),
            dry_base: self.dry_base.unwrap_or(default.dry_base),
            dry_allowed_length: self.dry_allowed_length.unwrap_or(default.dry_allowed_length),
            dry_last_n: self.dry_last_n.unwrap_or(default.dry_last_n),
            dry_sequence_breakers: self.dry_sequence_breakers.unwrap_or(default.dry_sequence_breakers),
            logit_bias: self.logit_bias,
            suppress_tokens: self.suppress_tokens,
            logprobs: self.logprobs,
            speculation: self.speculation.into(),
            context_full: self.slide.map_or(ContextFull::Stop, |keep| ContextFull::Slide { keep }),
            stop: self.stop,
            tokens_in_flight: self.tokens_in_flight.unwrap_or(default.tokens_in_flight),
            ignore_stop,
            priority: self.priority.into(),
            queue_deadline: time("queueDeadlineMs", self.queue_deadline_ms)?,
            deadline: time("deadlineMs", self.deadline_ms)?,
            feature: self.feature,
            coalesce: self.coalesce.unwrap_or(default.coalesce),
            shown_tokens: Vec::new(),
            constraint,
        })
    }
}
