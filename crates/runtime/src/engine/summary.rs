//! The end of a generation: its reason, its times and its counts.

use std::time::Duration;

use super::Timeline;

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
    /// The request's deadline passed.
    Deadline,
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
            Self::Deadline => "deadline",
        }
    }
}

/// The durations and rates of a generation.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Timings {
    /// Time to first token (TTFT) in ms, from the request.
    pub ttft_ms: f64,
    /// Prefill rate: the prompt's tokens that weren't cached a second, until the first token.
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
    /// Tokens at the start of the prompt that the prefix cache held.
    pub cached_tokens: usize,
    /// Tokens generated, the stop token included.
    pub tokens: usize,
    /// The generation's durations and rates.
    pub timings: Timings,
    /// The moments that the request went through.
    pub timeline: Box<Timeline>,
}

impl Summary {
    /// The summary of a request that generated `tokens` tokens for its caller.
    pub(super) fn new(finish_reason: FinishReason, tokens: usize, timeline: Timeline) -> Self {
        let Timeline { prompt_tokens, cached_tokens, .. } = timeline;
        let ms = |duration: Option<Duration>| duration.unwrap_or_default().as_secs_f64() * 1e3;
        let rate = |tokens: usize, ms: f64| if ms > 0.0 { tokens as f64 / ms * 1e3 } else { 0.0 };
        let (ttft_ms, decode_ms) = (ms(timeline.time_to_first_token()), ms(timeline.decode()));
        let timings = Timings {
            ttft_ms,
            prefill_tokens_per_s: rate(prompt_tokens.saturating_sub(cached_tokens), ttft_ms),
            decode_tokens_per_s: rate(timeline.generated_tokens.saturating_sub(1), decode_ms),
        };
        Self { finish_reason, prompt_tokens, cached_tokens, tokens, timings, timeline: Box::new(timeline) }
    }
}
