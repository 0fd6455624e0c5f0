//! A loaded model.

use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::*;
use wgslm_text::{Message, Special};

use super::error::{object, options, to_js};
use super::generation::{GenerationOptions, JsGeneration};
use crate::engine::{Engine, GenerateOptions};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ModelInfo<'a> {
    architecture: &'a str,
    name: &'a str,
    task: &'static str,
    width: u32,
    parameters: u64,
    layers: u32,
    context_length: u32,
    trained_context_length: u32,
    vocabulary: u32,
    gpu_bytes: u64,
    weight_bytes: u64,
    kv_cache_bytes: u64,
    has_chat_template: bool,
    dispatches_per_token: usize,
}

#[derive(Default, Deserialize)]
struct JsMessage {
    role: String,
    content: String,
}

/// A model ready to run.
#[wasm_bindgen(js_name = Model)]
pub struct JsModel {
    engine: Engine,
}

impl JsModel {
    pub(super) fn new(engine: Engine) -> Self {
        Self { engine }
    }

    fn prompt_tokens(&self, prompt: &JsValue) -> crate::Result<Vec<u32>> {
        match prompt.as_string() {
            Some(text) => Ok(self.engine.model().tokenizer()?.encode_prompt(&text)?),
            None => Ok(js_sys::Uint32Array::new(prompt).to_vec()),
        }
    }

    fn chat_prompt(&self, messages: &[Message], add_generation_prompt: bool) -> crate::Result<String> {
        let template = self.engine.model().chat_template()?.ok_or_else(|| wgslm_text::Error::ChatTemplate {
            reason: "this model has none; use a plain prompt".to_owned(),
        })?;
        Ok(template.render(messages, add_generation_prompt)?)
    }

    fn text_of(&self, tokens: &[u32]) -> crate::Result<String> {
        Ok(self.engine.model().tokenizer()?.decode(tokens)?)
    }
}

#[wasm_bindgen(js_class = Model)]
impl JsModel {
    /// What the model is.
    pub fn info(&self) -> Result<JsValue, JsValue> {
        let (engine, model) = (&self.engine, self.engine.model());
        object(&ModelInfo {
            architecture: &model.spec.architecture,
            name: &model.spec.name,
            task: if model.spec.embeds() { "embedding" } else { "generation" },
            width: model.spec.width,
            parameters: model.parameters,
            layers: model.spec.layers.len() as u32,
            context_length: engine.context_length(),
            trained_context_length: model.spec.context_length,
            vocabulary: model.spec.vocabulary,
            gpu_bytes: engine.gpu_bytes(),
            weight_bytes: engine.weight_bytes(),
            kv_cache_bytes: engine.kv_bytes(),
            has_chat_template: matches!(model.chat_template(), Ok(Some(_))),
            dispatches_per_token: engine.dispatches_per_token(&GenerateOptions::default()),
        })
    }

    /// Bytes that decoding one token reads with `depth` tokens in the KV cache.
    #[wasm_bindgen(js_name = decodeBytes)]
    pub fn decode_bytes(&self, depth: u32) -> f64 {
        self.engine.decode_bytes(depth) as f64
    }

    /// The tokens of a text, without BOS.
    pub fn tokenize(&self, text: &str, parse_special: bool) -> Result<Vec<u32>, JsValue> {
        let special = if parse_special { Special::Parse } else { Special::Plain };
        let tokenizer = self.engine.model().tokenizer().map_err(|error| to_js(&error))?;
        tokenizer.encode(text, special).map_err(|error| to_js(&error.into()))
    }

    /// The text of tokens.
    pub fn detokenize(&self, tokens: &[u32]) -> Result<String, JsValue> {
        self.text_of(tokens).map_err(|error| to_js(&error))
    }

    /// Messages as the model's chat template puts them.
    #[wasm_bindgen(js_name = applyChatTemplate)]
    pub fn apply_chat_template(&self, messages: JsValue, add_generation_prompt: bool) -> Result<String, JsValue> {
        let messages: Vec<JsMessage> = options(messages)?;
        let messages: Vec<_> =
            messages.into_iter().map(|message| Message::new(message.role, message.content)).collect();
        self.chat_prompt(&messages, add_generation_prompt).map_err(|error| to_js(&error))
    }

    /// Begins to generate what follows a text or tokens.
    pub fn generate(&self, prompt: &JsValue, options_: JsValue) -> Result<JsGeneration, JsValue> {
        let wanted: GenerationOptions = options(options_)?;
        let tokens = self.prompt_tokens(prompt).map_err(|error| to_js(&error))?;
        let generation = self.engine.generate(&tokens, wanted.into()).map_err(|error| to_js(&error))?;
        Ok(JsGeneration::new(generation))
    }

    /// The embedding of a text, of length 1.
    pub async fn embed(&self, text: String) -> Result<js_sys::Float32Array, JsValue> {
        let engine = self.engine.clone();
        let (_, values) = engine.embed_text(&text).await.map_err(|error| to_js(&error))?;
        Ok(js_sys::Float32Array::from(values.as_slice()))
    }

    /// The logits of every position, `[tokens, vocabulary]`.
    pub async fn logits(&self, tokens: Vec<u32>) -> Result<js_sys::Float32Array, JsValue> {
        let vocabulary = self.engine.model().spec.vocabulary;
        let all = js_sys::Float32Array::new_with_length(tokens.len() as u32 * vocabulary);
        let engine = self.engine.clone();
        let write = |position: usize, row: &[f32]| {
            all.subarray(position as u32 * vocabulary, (position as u32 + 1) * vocabulary).copy_from(row);
            Ok(())
        };
        engine.logits(&tokens, write).await.map_err(|error| to_js(&error))?;
        Ok(all)
    }
}
