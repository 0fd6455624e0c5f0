//! Running a model: requests over the KV cache, one driver for all of them, and logits and embeddings beside them.

mod aside;
mod batch;
mod beam;
mod cache;
pub mod capacity;
mod chat;
mod constrained;
mod context_full;
mod driver;
mod embed;
mod fill;
mod generation;
mod handle;
mod inner;
mod load_times;
mod loader;
mod memory_use;
mod metrics;
mod options;
mod pace;
mod plan;
mod profile;
mod programs;
mod prompt;
mod ranges;
mod rank;
mod request;
mod room;
mod sampling;
mod sampling_programs;
mod schedule;
mod score;
mod session;
mod several;
mod speculate;
mod subscription;
mod summary;

use std::sync::Arc;

pub use wgslm_shaders::{BLOCK_TOKENS, KvFormat};

pub use beam::{Beam, BeamOptions};
#[doc(hidden)]
pub use cache::BlockOrder;
pub use chat::{Chat, ChatEvent, ChatRequest};
pub use constrained::Constrained;
pub use context_full::ContextFull;
pub use fill::UploadRoom;
pub use generation::{Canceller, Generation, GenerationEvent, TokenLogprobs};
pub use load_times::LoadTimes;
pub use loader::Loader;
pub use memory_use::MemoryUse;
pub use metrics::{Cost, Distribution, Latency, MetricsSnapshot, Outcome, Price, PricedTime, Timeline, UsageSnapshot};
pub use options::{Activations, EngineOptions};
pub use plan::{Alternative, MemoryPlan};
pub use profile::TimedKernel;
pub use prompt::Prompt;
pub use ranges::SamplingRange;
pub use request::GenerateOptions;
pub use schedule::Priority;
pub use session::{Restore, Session};
pub use several::Several;
pub use speculate::{DraftModel, Speculation};
pub use summary::{FinishReason, Summary, Timings};

use aside::Aside;
use driver::Arrival;
use handle::Handle;
use inner::Inner;
use sampling::Sampling;

use crate::Device;
use crate::model::{Model, Task};
use crate::{Error, Result};

/// A model ready to run. Clones share it. It lives until they and all of its generations are dropped.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Handle>,
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

    /// The fingerprint of the model's files.
    #[doc(hidden)]
    #[must_use]
    pub fn fingerprint(&self) -> u128 {
        self.inner.fingerprint
    }

    /// The times that the phases of loading took.
    #[must_use]
    pub fn load_times(&self) -> LoadTimes {
        self.inner.load_times
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
        self.inner.dispatches_per_token(&Sampling::new(options))
    }

    /// Asks for the tokens that follow `prompt`. The request waits for its turn and runs beside others, which never change its answer.
    ///
    /// # Errors
    /// [`Error::EmptyPrompt`], [`Error::PromptTooLong`], [`Error::UnknownToken`], [`Error::InvalidOption`],
    /// [`Error::Busy`] where as many requests wait as may, or what the device has reported.
    pub fn generate(&self, prompt: &[u32], options: GenerateOptions) -> Result<Generation> {
        self.begin(prompt, options, Arrival { arrived: self.inner.now(), tokenised: None })
    }

    /// Starts generating as [`Self::generate`] does, from a prompt in any form; the time that it takes to become tokens counts.
    ///
    /// # Errors
    /// As [`Self::generate`] and [`Self::prompt_tokens`].
    pub fn generate_from(&self, prompt: &Prompt, options: GenerateOptions) -> Result<Generation> {
        let arrived = self.inner.now();
        let tokens = self.prompt_tokens(prompt)?;
        let tokenised = (!matches!(prompt, Prompt::Tokens(_))).then(|| self.inner.now());
        self.begin(&tokens, options, Arrival { arrived, tokenised })
    }

    fn begin(&self, prompt: &[u32], options: GenerateOptions, arrival: Arrival) -> Result<Generation> {
        options.check(self.inner.model.spec.vocabulary)?;
        options.context_full.check(self.context_length())?;
        check_task(&self.inner, Task::Generation)?;
        if let Speculation::Model(draft) = &options.speculation {
            draft.check(self)?;
        }
        let prompt = options.context_full.shortened(prompt, self.context_length());
        check_prompt(&self.inner, &prompt)?;
        Generation::begin(&self.inner, &prompt, options, arrival)
    }

    /// The metrics of all requests so far.
    #[must_use]
    pub fn metrics(&self) -> MetricsSnapshot {
        let inner = &self.inner;
        inner.metrics.set_queue_depth(inner.lock().scheduler.waiting());
        inner.metrics.set_memory(self.gpu_bytes(), memory_use::host_bytes());
        inner.metrics.snapshot(inner.now())
    }

    /// The memory for sequences, now.
    #[must_use]
    pub fn memory(&self) -> MemoryUse {
        MemoryUse::of(&self.inner.lock().memory.statistics())
    }

    /// Computes the logits at every position of `tokens`, and calls `each` with the position and its `[vocabulary]` values, in
    /// order.
    ///
    /// # Errors
    /// As [`Self::generate`], [`Error::Busy`] also where no slot is free, and whatever `each` returns.
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
        check_task(&self.inner, Task::Generation)?;
        check_prompt(&self.inner, tokens)?;
        Aside::open(&self.inner, self.inner.wanted == Activations::Int8)?.logits(tokens, first, each).await
    }
}

/// Checks that the model is for `task`.
fn check_task(inner: &Inner, task: Task) -> Result<()> {
    let spec = &inner.model.spec;
    if spec.task() == task {
        return Ok(());
    }
    let does = match (spec.task(), task) {
        (Task::Embedding, Task::Generation) => {
            "makes embeddings and can't generate text; ask it for embeddings, or load a language model"
        }
        (Task::Ranking, Task::Generation) => {
            "ranks documents and can't generate text; ask it to rerank, or load a language model"
        }
        (Task::Generation, Task::Embedding) => {
            "generates text and wasn't trained for embeddings; load an embedding model instead, such as BERT"
        }
        (_, Task::Embedding) => {
            "ranks documents and makes no embeddings; load an embedding model instead, such as BERT"
        }
        _ => "has no classifier to rank documents with; load a reranker instead, such as bge-reranker",
    };
    Err(Error::WrongTask { architecture: spec.architecture.clone(), does })
}

fn check_prompt(inner: &Inner, tokens: &[u32]) -> Result<()> {
    if tokens.is_empty() {
        return Err(Error::EmptyPrompt);
    }
    if tokens.len() > inner.context_length as usize {
        return Err(Error::PromptTooLong { tokens: tokens.len(), capacity: inner.context_length as usize });
    }
    check_vocabulary(inner, tokens)
}

fn check_vocabulary(inner: &Inner, tokens: &[u32]) -> Result<()> {
    let vocabulary = inner.model.spec.vocabulary;
    match tokens.iter().find(|token| **token >= vocabulary) {
        Some(token) => Err(Error::UnknownToken { token: *token, vocabulary }),
        None => Ok(()),
    }
}
