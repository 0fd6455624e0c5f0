//! A loaded model.

use serde::{Deserialize, Serialize};
use tsify::{Ts, Tsify};
use wasm_bindgen::prelude::*;
use wgslm_text::{Message, Special};

use super::error::{object, options, to_js};
use super::generation::{GenerationOptions, JsGeneration, MeasuringOptions};
use crate::engine::{Engine, GenerateOptions, MetricsSnapshot, Prompt};
use crate::model::Task;

/// Facts about a loaded model.
#[derive(Serialize, Tsify)]
#[serde(rename_all = "camelCase")]
pub struct ModelInfo {
    /// The architecture's name in the file, such as `llama`.
    architecture: String,
    /// The model's name in the file; may be empty.
    name: String,
    /// The task that the model was made for. A call for the other task fails with the code `wrong-task`.
    task: ModelTask,
    /// The width of the hidden state: the number of values that stand for a token, and the length of an embedding.
    width: u32,
    /// The number of weights.
    parameters: u64,
    /// The number of layers.
    layers: u32,
    /// The most tokens that prompt and answer may have together.
    context_length: u32,
    /// The context length that the model was trained with, in tokens.
    trained_context_length: u32,
    /// The number of tokens in the vocabulary.
    vocabulary: u32,
    /// The GPU memory in use, in bytes.
    gpu_bytes: u64,
    /// The GPU memory of the weights, in bytes.
    weight_bytes: u64,
    /// The GPU memory of the KV cache, in bytes. It has room for `contextLength` tokens from the start.
    kv_cache_bytes: u64,
    /// True if the file has a chat template.
    has_chat_template: bool,
    /// The GPU dispatches for each generated token.
    dispatches_per_token: usize,
}

/// The task of a model: generating text, making embeddings, or ranking documents for a query.
#[derive(Serialize, Tsify)]
#[serde(rename_all = "lowercase")]
enum ModelTask {
    Generation,
    Embedding,
    Ranking,
}

impl From<Task> for ModelTask {
    fn from(task: Task) -> Self {
        match task {
            Task::Generation => Self::Generation,
            Task::Embedding => Self::Embedding,
            Task::Ranking => Self::Ranking,
        }
    }
}

/// One message of a conversation.
#[derive(Default, Deserialize, Tsify)]
pub struct ChatMessage {
    /// The role of the speaker.
    #[tsify(type = "\"system\" | \"user\" | \"assistant\" | (string & {})")]
    role: String,
    /// The text of the message.
    content: String,
}

impl From<ChatMessage> for Message {
    fn from(ChatMessage { role, content }: ChatMessage) -> Self {
        Self::new(role, content)
    }
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
}

fn messages(values: Vec<Ts<ChatMessage>>) -> Result<Vec<Message>, JsValue> {
    values.into_iter().map(|value| options(value).map(Message::from)).collect()
}

#[wasm_bindgen(js_class = Model)]
impl JsModel {
    /// Facts about the model.
    pub fn info(&self) -> Result<Ts<ModelInfo>, JsValue> {
        let (engine, model) = (&self.engine, self.engine.model());
        object(&ModelInfo {
            architecture: model.spec.architecture.clone(),
            name: model.spec.name.clone(),
            task: model.spec.task().into(),
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

    /// The metrics of all requests so far.
    pub fn metrics(&self) -> Result<Ts<MetricsSnapshot>, JsValue> {
        object(&self.engine.metrics())
    }

    /// The number of bytes that decoding one token reads, with `depth` tokens in the KV cache.
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

    /// The text of `tokens`.
    pub fn detokenize(&self, tokens: &[u32]) -> Result<String, JsValue> {
        let tokenizer = self.engine.model().tokenizer().map_err(|error| to_js(&error))?;
        Ok(tokenizer.decode(tokens))
    }

    /// The prompt that the model's chat template makes of a conversation, up to the start of the assistant's next turn.
    #[wasm_bindgen(js_name = chatPrompt)]
    pub fn chat_prompt(
        &self,
        #[wasm_bindgen(unchecked_param_type = "readonly ChatMessage[]")] conversation: Vec<Ts<ChatMessage>>,
    ) -> Result<String, JsValue> {
        self.engine.chat_prompt(&messages(conversation)?).map_err(|error| to_js(&error))
    }

    /// Starts generating the continuation of a text, of tokens, or of a conversation.
    pub fn generate(
        &self,
        #[wasm_bindgen(unchecked_param_type = "string | Uint32Array | readonly ChatMessage[]")] prompt: JsValue,
        wanted: Ts<GenerationOptions>,
        measuring: Ts<MeasuringOptions>,
    ) -> Result<JsGeneration, JsValue> {
        let wanted = options(wanted)?.measured(&options(measuring)?).map_err(|error| to_js(&error))?;
        let prompt = if let Some(text) = prompt.as_string() {
            Prompt::Text(text)
        } else if prompt.is_instance_of::<js_sys::Uint32Array>() {
            Prompt::Tokens(js_sys::Uint32Array::from(prompt).to_vec())
        } else {
            let conversation = js_sys::Array::from(&prompt).iter().map(Ts::new_unchecked).collect();
            Prompt::Messages(messages(conversation)?)
        };
        let generation = self.engine.generate_from(&prompt, wanted).map_err(|error| to_js(&error))?;
        Ok(JsGeneration::new(generation))
    }

    /// The embedding of a text, scaled to a length of 1.
    pub async fn embed(&self, text: String) -> Result<js_sys::Float32Array, JsValue> {
        let engine = self.engine.clone();
        let (_, values) = engine.embed_text(&text).await.map_err(|error| to_js(&error))?;
        Ok(js_sys::Float32Array::from(values.as_slice()))
    }

    /// The logits of every position, in the shape `[tokens, vocabulary]`.
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
