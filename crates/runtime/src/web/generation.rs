//! A running generation.

use std::cell::RefCell;

use serde::Serialize;
use tsify::Tsify;
use wasm_bindgen::prelude::*;

use super::error::{object, spent, to_js};
use super::logprobs::TokenLogprobs;
use super::summary::GenerationSummary;
use crate::engine::{self, Canceller, Engine, GenerationEvent};

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
    /// Its log-probability and those of the likeliest tokens, where `logprobs` asks for them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[tsify(optional)]
    logprobs: Option<TokenLogprobs>,
}

/// A generation: call `next` until it returns a summary.
#[wasm_bindgen(js_name = Generation)]
pub struct JsGeneration {
    engine: Engine,
    /// `None` while `next` waits.
    generation: RefCell<Option<engine::Generation>>,
    canceller: Canceller,
}

impl JsGeneration {
    pub(super) fn new(engine: &Engine, generation: engine::Generation) -> Self {
        Self { engine: engine.clone(), canceller: generation.canceller(), generation: RefCell::new(Some(generation)) }
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
            Some(GenerationEvent::Token { token, text, logprob }) => {
                *self.generation.borrow_mut() = Some(generation);
                let logprobs = logprob.map(|found| TokenLogprobs::new(&self.engine, token, &found));
                GenerationStep { tokens: vec![GeneratedToken { token, text, logprobs }], summary: None }
            }
        };
        object(&step).map(JsValue::from)
    }

    /// Ends the generation after the step that is under way.
    pub fn cancel(&self) {
        self.canceller.cancel();
    }
}
