//! The summary of a finished answer.

use std::time::Duration;

use serde::Serialize;
use tsify::Tsify;

use crate::engine::{self, Summary};

/// The summary of a finished answer.
#[derive(Serialize, Tsify)]
#[serde(rename_all = "camelCase")]
pub(super) struct GenerationSummary {
    /// The reason that the answer ended.
    finish_reason: FinishReason,
    /// The number of tokens in the prompt.
    prompt_tokens: usize,
    /// The number of tokens at the start of the prompt that the prefix cache held.
    cached_tokens: usize,
    /// The number of generated tokens, including the stop token.
    tokens: usize,
    /// The number of drafts that were tried.
    drafted_tokens: usize,
    /// The number of drafts that were right.
    accepted_tokens: usize,
    /// The speed of the answer.
    timings: Timings,
    /// The times that the request took.
    timeline: Timeline,
}

/// The reason that an answer ended: a stop token or stop sequence, `maxTokens`, a full context, a cancel by the caller, or a deadline.
#[derive(Serialize, Tsify)]
#[serde(rename_all = "lowercase")]
pub(super) enum FinishReason {
    Stop,
    Length,
    Context,
    Cancelled,
    Deadline,
}

/// The speed of an answer.
#[derive(Serialize, Tsify)]
#[serde(rename_all = "camelCase")]
struct Timings {
    /// Time to first token, from the request, in ms.
    ttft_ms: f64,
    /// Prompt tokens per second that weren't cached, until the first token.
    prefill_tokens_per_second: f64,
    /// Generated tokens per second after the first one; 0 if there was none.
    decode_tokens_per_second: f64,
}

/// The times that a request took, in ms; one that it never reached is absent.
#[derive(Serialize, Tsify)]
#[serde(rename_all = "camelCase")]
struct Timeline {
    /// The time in the queue.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[tsify(optional)]
    queue_ms: Option<f64>,
    /// The time in the batching window.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[tsify(optional)]
    batching_window_ms: Option<f64>,
    /// The time of prefill.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[tsify(optional)]
    prefill_ms: Option<f64>,
    /// The time of decode, from the first token to the last; absent before the second token.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[tsify(optional)]
    decode_ms: Option<f64>,
    /// The time that it took in all to turn tokens into text.
    detokenise_ms: f64,
    /// Time to first token (TTFT), from the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[tsify(optional)]
    time_to_first_token_ms: Option<f64>,
    /// The mean inter-token latency (ITL); absent before the second token.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[tsify(optional)]
    mean_inter_token_ms: Option<f64>,
    /// The longest time between a token and the next; absent before the second token.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[tsify(optional)]
    longest_inter_token_ms: Option<f64>,
    /// The time from the request to its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[tsify(optional)]
    end_to_end_ms: Option<f64>,
}

impl From<&engine::Timeline> for Timeline {
    fn from(timeline: &engine::Timeline) -> Self {
        let in_ms = |time: Duration| time.as_secs_f64() * 1e3;
        let ms = |time: Option<Duration>| time.map(in_ms);
        Self {
            queue_ms: ms(timeline.queue()),
            batching_window_ms: ms(timeline.window()),
            prefill_ms: ms(timeline.prefill()),
            decode_ms: ms(timeline.decode()),
            detokenise_ms: in_ms(timeline.detokenise),
            time_to_first_token_ms: ms(timeline.time_to_first_token()),
            mean_inter_token_ms: ms(timeline.mean_inter_token()),
            longest_inter_token_ms: ms(timeline.longest_inter_token),
            end_to_end_ms: ms(timeline.end_to_end()),
        }
    }
}

impl From<engine::FinishReason> for FinishReason {
    fn from(reason: engine::FinishReason) -> Self {
        match reason {
            engine::FinishReason::Stop => Self::Stop,
            engine::FinishReason::Length => Self::Length,
            engine::FinishReason::Context => Self::Context,
            engine::FinishReason::Cancelled => Self::Cancelled,
            engine::FinishReason::Deadline => Self::Deadline,
        }
    }
}

impl From<Summary> for GenerationSummary {
    fn from(summary: Summary) -> Self {
        Self {
            finish_reason: summary.finish_reason.into(),
            prompt_tokens: summary.prompt_tokens,
            cached_tokens: summary.cached_tokens,
            tokens: summary.tokens,
            drafted_tokens: summary.timeline.drafted_tokens,
            accepted_tokens: summary.timeline.accepted_tokens,
            timings: Timings {
                ttft_ms: summary.timings.ttft_ms,
                prefill_tokens_per_second: summary.timings.prefill_tokens_per_s,
                decode_tokens_per_second: summary.timings.decode_tokens_per_s,
            },
            timeline: summary.timeline.as_ref().into(),
        }
    }
}
