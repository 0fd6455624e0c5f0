//! A generation under way.

use std::cell::RefCell;

use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::*;

use super::error::{object, spent, to_js};
use crate::engine::{Canceller, GenerateOptions, Generation, GenerationEvent, Summary};

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct GenerationOptions {
    max_tokens: Option<u32>,
    temperature: Option<f32>,
    seed: Option<u64>,
    top_k: Option<u32>,
    top_p: Option<f32>,
    min_p: Option<f32>,
    stop: Option<Vec<String>>,
    tokens_in_flight: Option<u32>,
    ignore_stop: bool,
    untimed_tokens: u32,
}

impl From<GenerationOptions> for GenerateOptions {
    fn from(wanted: GenerationOptions) -> Self {
        let default = Self::default();
        Self {
            max_tokens: wanted.max_tokens,
            temperature: wanted.temperature.unwrap_or(default.temperature),
            seed: wanted.seed.unwrap_or(default.seed),
            top_k: wanted.top_k.unwrap_or(default.top_k),
            top_p: wanted.top_p.unwrap_or(default.top_p),
            min_p: wanted.min_p.unwrap_or(default.min_p),
            stop: wanted.stop.unwrap_or_default(),
            tokens_in_flight: wanted.tokens_in_flight.unwrap_or(default.tokens_in_flight),
            ignore_stop: wanted.ignore_stop,
            untimed_tokens: wanted.untimed_tokens,
        }
    }
}

#[derive(Serialize)]
struct Step {
    pieces: Vec<Piece>,
    #[serde(skip_serializing_if = "Option::is_none")]
    finished: Option<Finished>,
}

#[derive(Serialize)]
struct Piece {
    token: u32,
    text: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Finished {
    finish_reason: &'static str,
    prompt_tokens: usize,
    tokens: usize,
    timings: FinishedTimings,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FinishedTimings {
    ttft_ms: f64,
    prefill_tokens_per_second: f64,
    decode_tokens_per_second: f64,
}

impl From<Summary> for Finished {
    fn from(summary: Summary) -> Self {
        Self {
            finish_reason: summary.finish_reason.name(),
            prompt_tokens: summary.prompt_tokens,
            tokens: summary.tokens,
            timings: FinishedTimings {
                ttft_ms: summary.timings.ttft_ms,
                prefill_tokens_per_second: summary.timings.prefill_tokens_per_s,
                decode_tokens_per_second: summary.timings.decode_tokens_per_s,
            },
        }
    }
}

/// A generation: `next` until it gives `finished`.
#[wasm_bindgen(js_name = Generation)]
pub struct JsGeneration {
    /// Absent while `next` waits.
    generation: RefCell<Option<Generation>>,
    canceller: Canceller,
}

impl JsGeneration {
    pub(super) fn new(generation: Generation) -> Self {
        Self { canceller: generation.canceller(), generation: RefCell::new(Some(generation)) }
    }
}

#[wasm_bindgen(js_class = Generation)]
impl JsGeneration {
    /// The next token, or the end: `{pieces: [{token, text}], finished?}`.
    pub async fn next(&self) -> Result<JsValue, JsValue> {
        let mut generation = self.generation.borrow_mut().take().ok_or_else(|| spent("generation"))?;
        let event = generation.next().await.map_err(|error| to_js(&error))?;
        let step = match event {
            None => return Err(spent("generation")),
            Some(GenerationEvent::Finished(summary)) => Step { pieces: Vec::new(), finished: Some(summary.into()) },
            Some(GenerationEvent::Token { token, text }) => {
                *self.generation.borrow_mut() = Some(generation);
                Step { pieces: vec![Piece { token, text }], finished: None }
            }
        };
        object(&step)
    }

    /// Ends the generation after what is under way.
    pub fn cancel(&self) {
        self.canceller.cancel();
    }
}
