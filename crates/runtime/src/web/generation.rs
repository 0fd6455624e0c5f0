//! A generation under way.

use std::cell::RefCell;

use serde::{Deserialize, Serialize};
use tsify::Tsify;
use wasm_bindgen::prelude::*;

use super::error::{object, spent, to_js};
use crate::engine::{self, Canceller, GenerateOptions, GenerationEvent, Summary};

/// Options of a generation.
#[derive(Default, Deserialize, Tsify)]
#[serde(rename_all = "camelCase", default)]
pub struct GenerationOptions {
    /// The most tokens to generate; by default as many as the context holds.
    #[tsify(type = "number")]
    max_tokens: Option<u32>,
    /// 0, the default, always takes the likeliest token; 1 samples as the model was trained.
    #[tsify(type = "number")]
    temperature: Option<f32>,
    /// Makes sampling repeatable.
    #[tsify(type = "number")]
    seed: Option<u64>,
    /// Samples from this many of the likeliest tokens, and those just as likely as the last of them; 0, the default, is off.
    ///
    /// `topK`, `topP` and `minP` apply in this order, to the probabilities at temperature 1; the temperature comes after
    /// them, as in llama.cpp. They have no effect at temperature 0.
    #[tsify(type = "number")]
    top_k: Option<u32>,
    /// Samples from the likeliest tokens that have this much of what `topK` left together; 1, the default, is off, and 0 takes
    /// the likeliest.
    #[tsify(type = "number")]
    top_p: Option<f32>,
    /// Samples from the tokens at least this much as likely as the likeliest: up to 1; 0, the default, is off.
    #[tsify(type = "number")]
    min_p: Option<f32>,
    /// Texts that end the answer; they are not part of it.
    #[tsify(type = "readonly string[]")]
    stop: Vec<String>,
    /// Tokens that the GPU computes ahead of reading them back, from 1 to 16. It changes speed, never the answer.
    #[tsify(type = "number")]
    tokens_in_flight: Option<u32>,
}

/// Options for measuring.
#[derive(Default, Deserialize, Tsify)]
#[serde(rename_all = "camelCase", default)]
pub struct MeasuringOptions {
    /// Goes on after a stop token: how fast tokens come doesn't depend on which they are.
    ignore_stop: bool,
    /// Tokens at the start of the prompt that the timings leave out: for measuring what happens after them.
    untimed_tokens: u32,
}

impl GenerationOptions {
    pub(super) fn measured(self, measuring: &MeasuringOptions) -> GenerateOptions {
        let default = GenerateOptions::default();
        GenerateOptions {
            max_tokens: self.max_tokens,
            temperature: self.temperature.unwrap_or(default.temperature),
            seed: self.seed.unwrap_or(default.seed),
            top_k: self.top_k.unwrap_or(default.top_k),
            top_p: self.top_p.unwrap_or(default.top_p),
            min_p: self.min_p.unwrap_or(default.min_p),
            stop: self.stop,
            tokens_in_flight: self.tokens_in_flight.unwrap_or(default.tokens_in_flight),
            ignore_stop: measuring.ignore_stop,
            untimed_tokens: measuring.untimed_tokens,
        }
    }
}

/// A part of an answer: its next tokens, or its end.
#[derive(Serialize, Tsify)]
struct GenerationStep {
    tokens: Vec<GeneratedToken>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[tsify(optional)]
    summary: Option<GenerationSummary>,
}

/// A generated token and the text it completes, which may be empty: a character can take several tokens.
#[derive(Serialize, Tsify)]
struct GeneratedToken {
    /// Its id.
    token: u32,
    /// The text that is certain with it.
    text: String,
}

/// The figures of an answer at its end.
#[derive(Serialize, Tsify)]
#[serde(rename_all = "camelCase")]
struct GenerationSummary {
    /// The reason that it ended.
    finish_reason: FinishReason,
    /// Tokens of the prompt.
    prompt_tokens: usize,
    /// Tokens generated, the stop token among them.
    tokens: usize,
    /// Its speed.
    timings: Timings,
}

/// The end of an answer: at a stop token or text, at `maxTokens`, at a full context, or because the caller left.
#[derive(Serialize, Tsify)]
#[serde(rename_all = "lowercase")]
enum FinishReason {
    Stop,
    Length,
    Context,
    Cancelled,
}

/// The speed of an answer.
#[derive(Serialize, Tsify)]
#[serde(rename_all = "camelCase")]
struct Timings {
    /// Time to first token, from the start of prefill, in ms.
    ttft_ms: f64,
    /// Tokens of the prompt a second, until the first token.
    prefill_tokens_per_second: f64,
    /// Tokens generated a second after the first; 0 where there was none.
    decode_tokens_per_second: f64,
}

impl From<Summary> for GenerationSummary {
    fn from(summary: Summary) -> Self {
        Self {
            finish_reason: match summary.finish_reason {
                engine::FinishReason::Stop => FinishReason::Stop,
                engine::FinishReason::Length => FinishReason::Length,
                engine::FinishReason::Context => FinishReason::Context,
                engine::FinishReason::Cancelled => FinishReason::Cancelled,
            },
            prompt_tokens: summary.prompt_tokens,
            tokens: summary.tokens,
            timings: Timings {
                ttft_ms: summary.timings.ttft_ms,
                prefill_tokens_per_second: summary.timings.prefill_tokens_per_s,
                decode_tokens_per_second: summary.timings.decode_tokens_per_s,
            },
        }
    }
}

/// A generation: `next` until it gives a summary.
#[wasm_bindgen(js_name = Generation)]
pub struct JsGeneration {
    /// Absent while `next` waits.
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
    /// The next token, or the end.
    #[wasm_bindgen(unchecked_return_type = "GenerationStep")]
    pub async fn next(&self) -> Result<JsValue, JsValue> {
        let mut generation = self.generation.borrow_mut().take().ok_or_else(|| spent("generation"))?;
        let event = generation.next().await.map_err(|error| to_js(&error))?;
        let step = match event {
            None => return Err(spent("generation")),
            Some(GenerationEvent::Finished(summary)) => {
                GenerationStep { tokens: Vec::new(), summary: Some(summary.into()) }
            }
            Some(GenerationEvent::Token { token, text }) => {
                *self.generation.borrow_mut() = Some(generation);
                GenerationStep { tokens: vec![GeneratedToken { token, text }], summary: None }
            }
        };
        object(&step).map(JsValue::from)
    }

    /// Ends the generation after what is under way.
    pub fn cancel(&self) {
        self.canceller.cancel();
    }
}
