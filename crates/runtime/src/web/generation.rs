//! A running generation.

use std::cell::RefCell;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tsify::Tsify;
use wasm_bindgen::prelude::*;

use super::error::{duration, object, spent, to_js};
use crate::engine::{self, Canceller, GenerateOptions, GenerationEvent, Summary};

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

/// Options of a benchmark.
#[derive(Default, Deserialize, Tsify)]
#[serde(rename_all = "camelCase", default)]
pub struct MeasuringOptions {
    /// Continues after a stop token: speed doesn't depend on which tokens are generated.
    ignore_stop: bool,
}

impl GenerationOptions {
    pub(super) fn measured(self, measuring: &MeasuringOptions) -> crate::Result<GenerateOptions> {
        let default = GenerateOptions::default();
        let time = |option, ms: Option<f64>| ms.map(|ms| duration(option, ms)).transpose();
        Ok(GenerateOptions {
            max_tokens: self.max_tokens,
            temperature: self.temperature.unwrap_or(default.temperature),
            seed: self.seed.unwrap_or(default.seed),
            top_k: self.top_k.unwrap_or(default.top_k),
            top_p: self.top_p.unwrap_or(default.top_p),
            min_p: self.min_p.unwrap_or(default.min_p),
            stop: self.stop,
            tokens_in_flight: self.tokens_in_flight.unwrap_or(default.tokens_in_flight),
            ignore_stop: measuring.ignore_stop,
            priority: self.priority.into(),
            queue_deadline: time("queueDeadlineMs", self.queue_deadline_ms)?,
            deadline: time("deadlineMs", self.deadline_ms)?,
            feature: self.feature,
            coalesce: self.coalesce.unwrap_or(default.coalesce),
            ..default
        })
    }
}

/// A step of an answer: its next tokens, or its end.
#[derive(Serialize, Tsify)]
struct GenerationStep {
    tokens: Vec<GeneratedToken>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[tsify(optional)]
    summary: Option<GenerationSummary>,
}

/// A generated token and the text that it completes, which may be empty: a character can take several tokens.
#[derive(Serialize, Tsify)]
struct GeneratedToken {
    /// The token's id.
    token: u32,
    /// The text that the token completes.
    text: String,
}

/// The summary of a finished answer.
#[derive(Serialize, Tsify)]
#[serde(rename_all = "camelCase")]
struct GenerationSummary {
    /// The reason that the answer ended.
    finish_reason: FinishReason,
    /// The number of tokens in the prompt.
    prompt_tokens: usize,
    /// The number of tokens at the start of the prompt that the prefix cache held.
    cached_tokens: usize,
    /// The number of generated tokens, including the stop token.
    tokens: usize,
    /// The speed of the answer.
    timings: Timings,
    /// The times that the request took.
    timeline: Timeline,
}

/// The reason that an answer ended: a stop token or stop sequence, `maxTokens`, a full context, a cancel by the caller, or a deadline.
#[derive(Serialize, Tsify)]
#[serde(rename_all = "lowercase")]
enum FinishReason {
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

impl From<Summary> for GenerationSummary {
    fn from(summary: Summary) -> Self {
        Self {
            finish_reason: match summary.finish_reason {
                engine::FinishReason::Stop => FinishReason::Stop,
                engine::FinishReason::Length => FinishReason::Length,
                engine::FinishReason::Context => FinishReason::Context,
                engine::FinishReason::Cancelled => FinishReason::Cancelled,
                engine::FinishReason::Deadline => FinishReason::Deadline,
            },
            prompt_tokens: summary.prompt_tokens,
            cached_tokens: summary.cached_tokens,
            tokens: summary.tokens,
            timings: Timings {
                ttft_ms: summary.timings.ttft_ms,
                prefill_tokens_per_second: summary.timings.prefill_tokens_per_s,
                decode_tokens_per_second: summary.timings.decode_tokens_per_s,
            },
            timeline: summary.timeline.as_ref().into(),
        }
    }
}

/// A generation: call `next` until it returns a summary.
#[wasm_bindgen(js_name = Generation)]
pub struct JsGeneration {
    /// `None` while `next` waits.
    generation: RefCell<Option<engine::Generation>>,
    canceller: Canceller,
}

impl JsGeneration {
    pub(super) fn new(generation: engine::Generation) -> Self {
        Self { canceller: generation.canceller(), generation: RefCell::new(Some(generation)) }
    }
}

#[wasm_bindgen(js_class = Generation)]
impl JsGeneration {
    /// The next token, or the end of the answer.
    #[wasm_bindgen(unchecked_return_type = "GenerationStep")]
    pub async fn next(&self) -> Result<JsValue, JsValue> {
        let mut generation = self.generation.borrow_mut().take().ok_or_else(|| spent("generation"))?;
        let event = generation.next().await.map_err(|error| to_js(&error))?;
        let step = match event {
            None => return Err(spent("generation")),
            Some(GenerationEvent::Finished(summary)) => {
                GenerationStep { tokens: Vec::new(), summary: Some(summary.into()) }
            }
            Some(GenerationEvent::Token { token, text, .. }) => {
                *self.generation.borrow_mut() = Some(generation);
                GenerationStep { tokens: vec![GeneratedToken { token, text }], summary: None }
            }
        };
        object(&step).map(JsValue::from)
    }

    /// Ends the generation after the step that is under way.
    pub fn cancel(&self) {
        self.canceller.cancel();
    }
}
