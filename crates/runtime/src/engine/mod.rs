//! Running a model: sequences over the KV cache, prefill, decode with several tokens in flight, and logits.

mod batch;
mod blocks;
#[cfg_attr(not(test), expect(dead_code, unused_imports, reason = "the driver that uses it lands next"))]
mod cache;
mod embed;
mod generation;
mod loader;
#[cfg_attr(not(test), expect(dead_code, reason = "the driver that uses it lands next"))]
mod metrics;
mod options;
mod pace;
mod profile;
mod programs;
mod prompt;
mod ranges;
mod room;
#[cfg_attr(not(test), expect(dead_code, unused_imports, reason = "the driver that uses it lands next"))]
mod schedule;
mod sequence;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use wgslm_shaders::{Encoding, Sample};

pub use wgslm_shaders::{BLOCK_TOKENS, KvFormat};

#[doc(hidden)]
pub use cache::BlockOrder;
pub use generation::{Canceller, Generation, GenerationEvent};
pub use loader::Loader;
pub use metrics::{Cost, Distribution, Latency, MetricsSnapshot, Outcome, Price, PricedTime, Timeline, UsageSnapshot};
pub use options::{Activations, EngineOptions, FinishReason, GenerateOptions, Summary, Timings};
pub use profile::TimedKernel;
pub use prompt::Prompt;
pub use ranges::SamplingRange;

use self::blocks::IdPool;
use self::room::Room;
use crate::Device;
use crate::model::select::Precision;
use crate::model::state::{KvCache, States, Tables};
use crate::model::{self, Graph, Model};
use crate::{Error, Result};
use batch::Batch;
use programs::Programs;

/// Tokens in a prefill chunk: enough to fill a GPU, few enough that a cancel takes effect soon.
const PREFILL_TOKENS: u32 = 512;
/// Tokens in a prefill chunk on a software adapter.
const SOFTWARE_PREFILL_TOKENS: u32 = 64;

/// The most tokens in a text to embed.
const EMBEDDING_TOKENS: u32 = 2048;

/// Outputs whose logits are computed at a time.
const LOGIT_OUTPUTS: u32 = 32;

/// Readbacks of logits under way at a time, each of [`LOGIT_OUTPUTS`] outputs.
const LOGIT_READBACKS: usize = 4;

/// A model ready to run. Clones share it.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

pub(crate) struct Inner {
    device: Device,
    model: Model,
    kv: KvCache,
    states: States,
    slots: u32,
    workspace: model::Workspace,
    programs: Programs,
    context_length: u32,
    /// The activations that the caller asked for.
    wanted: Activations,
    state: Mutex<State>,
}

/// The mutable state that sequences share. Locked while a step is written and submitted, so that no other step comes between.
struct State {
    blocks: IdPool,
    states: IdPool,
    free_slots: Vec<u32>,
    batch: Batch,
}

impl Inner {
    /// Builds the KV cache, the workspace and the programs of `model`, whose weights are allocated on `device` already.
    ///
    /// # Errors
    /// [`Error::InvalidOption`], [`TooLarge`](wgslm_gpu::Error::TooLarge) or what the device reports.
    fn new(device: &Device, model: Model, options: &EngineOptions) -> Result<Self> {
        let spec = &model.spec;
        let gpu = device.gpu();
        let max_binding = gpu.capabilities().max_binding;
        let kv_format = options.kv_format.unwrap_or(device.kernels().kv_format());
        let rows = match options.prefill_tokens {
            // A text to be pooled goes through the model in one step.
            _ if spec.embeds() => EMBEDDING_TOKENS,
            Some(rows) => rows,
            None if gpu.capabilities().software => SOFTWARE_PREFILL_TOKENS,
            None => PREFILL_TOKENS,
        };
        let fits = |width: u32| (max_binding / (u64::from(width) * 4)).clamp(1, u64::from(u32::MAX)) as u32;
        let widest = model::Workspace::widest(spec);
        let room = Room::new(spec, (kv_format, rows, max_binding), options)?;
        let (slots, context_length) = (room.slots, room.context);
        let rows = rows.clamp(1, context_length).min(fits(widest));
        let outputs = LOGIT_OUTPUTS.min(fits(Sample::band_words(spec.vocabulary).max(widest)));
        let layout = room.layout(spec, (kv_format, rows, max_binding));
        let kv = KvCache::new(gpu, layout, kv_format, Tables { slots, tokens: context_length })?;
        let states = States::new(gpu, spec, room.states)?;
        let encodings: Vec<Encoding> = match options.activations.encoding(device.kernels()) {
            Some(encoding) if device.kernels().fuses() => vec![encoding, Encoding::Int8, Encoding::Int16],
            encoding => encoding.into_iter().collect(),
        };
        let workspace = model::Workspace::new(device, spec, (rows, outputs, &encodings), (slots, context_length))?;
        gpu.write(&workspace.banned, 0, bytemuck::cast_slice(&banned(&model)));
        let programs = programs(device, &model, (&workspace, &kv, &states, context_length), options.activations)?;
        gpu.check()?;
        let state = State {
            blocks: IdPool::new(kv.layout.blocks, options.block_order),
            states: IdPool::new(states.count, options.block_order),
            free_slots: (0..slots).rev().collect(),
            batch: Batch::new(&workspace),
        };
        Ok(Self {
            device: device.clone(),
            model,
            kv,
            states,
            slots,
            workspace,
            programs,
            context_length,
            wanted: options.activations,
            state: Mutex::new(state),
        })
    }

    /// Builds the programs again, with the kernel shapes chosen since.
    fn rebuild_programs(&mut self) -> Result<()> {
        self.programs = programs(
            &self.device,
            &self.model,
            (&self.workspace, &self.kv, &self.states, self.context_length),
            self.wanted,
        )?;
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Engine {
    /// The device that the model is on.
    #[must_use]
    pub fn device(&self) -> &Device {
        &self.inner.device
    }

    /// The model that the engine runs.
    #[must_use]
    pub fn model(&self) -> &Model {
        &self.inner.model
    }

    /// The most tokens that a prompt and its answer can have together.
    #[must_use]
    pub fn context_length(&self) -> u32 {
        self.inner.context_length
    }

    /// Bytes of weights, KV cache and states on the device.
    #[must_use]
    pub fn gpu_bytes(&self) -> u64 {
        self.inner.model.weights.bytes() + self.kv_bytes()
    }

    /// Dispatches in a step that decodes one token with these options.
    #[must_use]
    pub fn dispatches_per_token(&self, options: &GenerateOptions) -> usize {
        self.inner.dispatches_per_token(options.sampling())
    }

    /// Begins to generate the tokens that follow `prompt`.
    ///
    /// # Errors
    /// [`Error::EmptyPrompt`], [`Error::PromptTooLong`], [`Error::UnknownToken`], [`Error::InvalidOption`], or
    /// [`Error::KvCacheFull`] where other generations hold too much of the cache.
    pub fn generate(&self, prompt: &[u32], options: GenerateOptions) -> Result<Generation> {
        Generation::begin(&self.inner, prompt, options)
    }

    /// Computes the logits at every position of `tokens`, and calls `each` with the position and its `[vocabulary]` values, in
    /// order.
    ///
    /// # Errors
    /// As [`Self::generate`], and whatever `each` returns.
    pub async fn logits(&self, tokens: &[u32], each: impl FnMut(usize, &[f32]) -> Result<()>) -> Result<()> {
        self.logits_from(tokens, 0, each).await
    }

    /// Computes logits as [`Self::logits`] does, but only at the positions from `first` on.
    ///
    /// # Errors
    /// As [`Self::logits`].
    pub async fn logits_from(
        &self,
        tokens: &[u32],
        first: usize,
        each: impl FnMut(usize, &[f32]) -> Result<()>,
    ) -> Result<()> {
        check_task(&self.inner, false)?;
        check_prompt(&self.inner, tokens)?;
        sequence::Sequence::open(&self.inner)?.logits(tokens, first, each).await
    }
}

/// A bit set for each token that is never sampled: those that the model's files suppress, and those that the output head has rows for
/// and the tokenizer has no text for.
fn banned(model: &Model) -> Vec<u32> {
    let vocabulary = model.spec.vocabulary;
    let mut words = vec![0; Sample::banned_words(vocabulary) as usize];
    if let Ok(tokenizer) = model.tokenizer() {
        let without_text = tokenizer.vocabulary_size() as u32..vocabulary;
        let suppressed = tokenizer.suppressed_tokens().iter().copied().filter(|token| *token < vocabulary);
        for token in without_text.chain(suppressed) {
            words[token as usize / 32] |= 1 << (token % 32);
        }
    }
    words
}

fn programs(
    device: &Device,
    model: &Model,
    (workspace, kv, states, context): (&model::Workspace, &KvCache, &States, u32),
    wanted: Activations,
) -> Result<Programs> {
    let Model { spec, weights, .. } = model;
    let encoding = wanted.encoding(device.kernels());
    let (step, precision) = (model::StepSize::Many, Precision::Rounded);
    let graph = Graph { device, spec, weights, workspace, kv, states, context, step, encoding: None, precision };
    Programs::build(&graph, encoding)
}

/// Checks that the model makes embeddings if `embed` is true, and text if not.
fn check_task(inner: &Inner, embed: bool) -> Result<()> {
    let spec = &inner.model.spec;
    if spec.embeds() == embed {
        return Ok(());
    }
    let does = if embed {
        "generates text and wasn't trained for embeddings; load an embedding model instead, such as BERT"
    } else {
        "makes embeddings and can't generate text; ask it for embeddings, or load a language model"
    };
    Err(Error::WrongTask { architecture: spec.architecture.clone(), does })
}

fn check_prompt(inner: &Inner, tokens: &[u32]) -> Result<()> {
    let vocabulary = inner.model.spec.vocabulary;
    if tokens.is_empty() {
        return Err(Error::EmptyPrompt);
    }
    if tokens.len() > inner.context_length as usize {
        return Err(Error::PromptTooLong { tokens: tokens.len(), capacity: inner.context_length as usize });
    }
    match tokens.iter().find(|token| **token >= vocabulary) {
        Some(token) => Err(Error::UnknownToken { token: *token, vocabulary }),
        None => Ok(()),
    }
}
