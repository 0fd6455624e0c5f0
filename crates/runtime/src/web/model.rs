//! A loaded model.

use js_sys::{Float32Array, Promise, Uint32Array};
use serde::Serialize;
use tsify::{Ts, Tsify};
use wasm_bindgen::prelude::*;
use wgslm_text::{Beginning, Special};

use super::abort::unless_aborted;
use super::beams::{BeamSearchOptions, Beams};
use super::chat::{JsChatRequest, JsConversation};
use super::complete::CompletionTokens;
use super::constraint::{JsConstraint, constrained};
use super::error::{object, options, to_js};
use super::generation::JsGeneration;
use super::generation_options::{GenerationOptions, MeasuringOptions};
use super::prompt::JsPrompt;
use super::session::{JsRestore, JsSession};
use crate::engine::{Constrained, Engine, GenerateOptions, MetricsSnapshot};
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

    /// The tokens of a prompt, with the special tokens that the model expects around a text.
    #[wasm_bindgen(js_name = promptTokens)]
    pub fn prompt_tokens(&self, prompt: JsPrompt) -> Result<Vec<u32>, JsValue> {
        self.engine.prompt_tokens(&prompt.read()?).map_err(|error| to_js(&error))
    }

    /// The tokens of the vocabulary, packed as the module of grammars takes them.
    #[wasm_bindgen(js_name = packedTokens)]
    pub fn packed_tokens(&self) -> Result<Vec<u8>, JsValue> {
        Ok(self.engine.model().tokenizer().map_err(|error| to_js(&error))?.packed_tokens())
    }

    /// The tokens that end an answer.
    #[wasm_bindgen(js_name = stopTokens)]
    pub fn stop_tokens(&self) -> Result<Vec<u32>, JsValue> {
        Ok(self.engine.model().tokenizer().map_err(|error| to_js(&error))?.stop_tokens().to_vec())
    }

    /// The text that the model's chat template makes of a conversation.
    #[wasm_bindgen(js_name = applyTemplate)]
    pub fn apply_template(&self, conversation: JsConversation) -> Result<String, JsValue> {
        self.engine.apply_template(&conversation.read()?).map_err(|error| to_js(&error))
    }

    /// A conversation as a prompt, ready to be answered.
    pub fn chat(&self, conversation: JsConversation) -> Result<JsChatRequest, JsValue> {
        let request = self.engine.chat(&conversation.read()?).map_err(|error| to_js(&error))?;
        Ok(JsChatRequest::new(&self.engine, request))
    }

    /// Starts generating the continuation of a text, of tokens, or of a conversation, which follows a grammar if one is given.
    pub fn generate(
        &self,
        prompt: JsPrompt,
        wanted: Ts<GenerationOptions>,
        measuring: Ts<MeasuringOptions>,
        grammar: Option<JsConstraint>,
    ) -> Result<JsGeneration, JsValue> {
        let MeasuringOptions { ignore_stop } = options(measuring)?;
        let wanted = options(wanted)?.with(constrained(grammar), ignore_stop).map_err(|error| to_js(&error))?;
        let generation = self.engine.generate_from(&prompt.read()?, wanted).map_err(|error| to_js(&error))?;
        Ok(JsGeneration::new(&self.engine, generation))
    }

    /// The tokens that prompts for completing a text are made with.
    #[wasm_bindgen(js_name = completionTokens)]
    pub fn completion_tokens(&self) -> Result<Ts<CompletionTokens>, JsValue> {
        let tokenizer = self.engine.model().tokenizer().map_err(|error| to_js(&error))?;
        object(&CompletionTokens::of(tokenizer))
    }

    /// The tokens of plain text that continues other text.
    #[wasm_bindgen(js_name = encodeContinuation)]
    pub fn encode_continuation(&self, text: &str) -> Result<Vec<u32>, JsValue> {
        let tokenizer = self.engine.model().tokenizer().map_err(|error| to_js(&error))?;
        tokenizer.encode_continuation(text).map_err(|error| to_js(&error.into()))
    }

    /// The text of a token that continues other text; U+FFFD stands in it for a part of a character.
    #[wasm_bindgen(js_name = continuationText)]
    pub fn continuation_text(&self, token: u32) -> Result<String, JsValue> {
        let tokenizer = self.engine.model().tokenizer().map_err(|error| to_js(&error))?;
        Ok(String::from_utf8_lossy(&tokenizer.token_bytes(token)).into_owned())
    }

    /// Starts completing a text given as tokens. Where `healed` is given, a token with text, the answer's first token begins with its text.
    pub fn complete(
        &self,
        prompt: &[u32],
        healed: Option<u32>,
        wanted: Ts<GenerationOptions>,
    ) -> Result<JsGeneration, JsValue> {
        let tokenizer = self.engine.model().tokenizer().map_err(|error| to_js(&error))?;
        let beginning = healed.and_then(|token| Beginning::with(tokenizer, token));
        let constraint = beginning.map(|beginning| Constrained::new(Box::new(beginning)));
        let wanted = options(wanted)?.with(constraint, false).map_err(|error| to_js(&error))?;
        let generation = self.engine.generate(prompt, wanted).map_err(|error| to_js(&error))?;
        Ok(JsGeneration::new(&self.engine, generation))
    }

    /// An empty session.
    pub fn session(&self) -> JsSession {
        JsSession::new(&self.engine, self.engine.session())
    }

    /// Begins to restore a session from its bytes.
    pub fn restore(&self) -> JsRestore {
        JsRestore::new(&self.engine)
    }

    /// Searches for the likeliest answers as wholes, unless `aborted` rejects.
    #[wasm_bindgen(js_name = beamSearch, unchecked_return_type = "Beams")]
    pub async fn beam_search(
        &self,
        prompt: JsPrompt,
        wanted: Ts<BeamSearchOptions>,
        aborted: Promise,
    ) -> Result<JsValue, JsValue> {
        let (engine, wanted) = (self.engine.clone(), options(wanted)?.into());
        let prompt = engine.prompt_tokens(&prompt.read()?).map_err(|error| to_js(&error))?;
        let beams = unless_aborted(aborted, engine.beam_search(&prompt, &wanted)).await?;
        object(&Beams::from(beams)).map(JsValue::from)
    }

    /// The log-probabilities of `tokens` from the index `first` on, unless `aborted` rejects. The very first token has none.
    pub async fn score(&self, tokens: Vec<u32>, first: usize, aborted: Promise) -> Result<Float32Array, JsValue> {
        let engine = self.engine.clone();
        let scores = unless_aborted(aborted, engine.score(&tokens, first)).await?;
        Ok(Float32Array::from(scores.as_slice()))
    }

    /// The embeddings of texts given as tokens, each scaled to a length of 1, unless `aborted` rejects.
    pub async fn embed(&self, texts: Vec<Uint32Array>, aborted: Promise) -> Result<Vec<Float32Array>, JsValue> {
        let engine = self.engine.clone();
        let texts: Vec<Vec<u32>> = texts.iter().map(Uint32Array::to_vec).collect();
        let embeddings = unless_aborted(aborted, engine.embed_all(&texts)).await?;
        Ok(embeddings.iter().map(|values| Float32Array::from(values.as_slice())).collect())
    }

    /// The scores of `documents` for `query`, in their order, unless `aborted` rejects.
    #[allow(clippy::needless_pass_by_value)] // Arguments from JavaScript are owned.
    pub async fn rerank(
        &self,
        query: String,
        documents: Vec<String>,
        aborted: Promise,
    ) -> Result<Float32Array, JsValue> {
        let engine = self.engine.clone();
        let scores = unless_aborted(aborted, engine.rerank(&query, &documents)).await?;
        Ok(Float32Array::from(scores.as_slice()))
    }

    /// The logits of every position, in the shape `[tokens, vocabulary]`.
    pub async fn logits(&self, tokens: Vec<u32>) -> Result<Float32Array, JsValue> {
        let vocabulary = self.engine.model().spec.vocabulary;
        let all = Float32Array::new_with_length(tokens.len() as u32 * vocabulary);
        let engine = self.engine.clone();
        let write = |position: usize, row: &[f32]| {
            all.subarray(position as u32 * vocabulary, (position as u32 + 1) * vocabulary).copy_from(row);
            Ok(())
        };
        engine.logits(&tokens, write).await.map_err(|error| to_js(&error))?;
        Ok(all)
    }
}
