//! Everything that an engine consists of, and the state that its requests share.

use std::collections::{BTreeMap, VecDeque};
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::Duration;

use web_time::Instant;
use wgslm_gpu::ReadbackRing;
use wgslm_shaders::{BLOCK_TOKENS, Encoding, Sample};

use super::batch::Batch;
use super::cache::{self, Memory};
use super::driver::{Answers, Bell, MaskJob, Open};
use super::metrics::registry::Metrics;
use super::programs::Programs;
use super::room::{RECENT_STATES, Room};
use super::sampling::Breakers;
use super::schedule::{FEW_ROWS, Limits, RequestId, Scheduler};
use super::{Activations, EngineOptions, GenerateOptions, LoadTimes};
use crate::model::select::Precision;
use crate::model::state::{KvCache, States, Tables};
use crate::model::{self, Graph, Model};
use crate::{Device, Result};

/// Tokens in a prefill chunk: enough to fill a GPU, few enough that a cancel takes effect soon.
const PREFILL_TOKENS: u32 = 512;
/// Tokens in a prefill chunk on a software adapter.
const SOFTWARE_PREFILL_TOKENS: u32 = 64;
/// The part of a prefill chunk that runs at a time while answers stream.
const BESIDE_STREAMS: u32 = 4;

/// The most tokens in a text to embed.
const EMBEDDING_TOKENS: u32 = 2048;

/// Outputs whose logits are computed at a time.
const LOGIT_OUTPUTS: u32 = 32;

/// Requests that wait at a time, unless options say how many.
const DEFAULT_QUEUE: u32 = 64;
/// The time by which an interactive request may come later than a background one and go first.
const PATIENCE: Duration = Duration::from_secs(1);

/// An engine: a model on a device, its memory and its requests.
pub(crate) struct Inner {
    pub(super) device: Device,
    pub(super) model: Model,
    /// The model's fingerprint, once all of it has arrived.
    pub(super) fingerprint: u128,
    pub(super) load_times: LoadTimes,
    pub(super) kv: KvCache,
    pub(super) states: States,
    pub(super) workspace: model::Workspace,
    pub(super) programs: Programs,
    pub(super) slots: u32,
    /// Tokens that the KV cache holds for all sequences together.
    pub(super) kv_tokens: u32,
    pub(super) context_length: u32,
    /// The most tokens of a prompt in a step.
    pub(super) prefill_tokens: u32,
    /// The activations that the caller asked for.
    pub(super) wanted: Activations,
    /// A bit set for each token that may be sampled.
    pub(super) allowed: Vec<u32>,
    pub(super) breakers: Breakers,
    pub(super) metrics: Metrics,
    began: Instant,
    pub(super) bell: Arc<Bell>,
    state: Mutex<State>,
}

/// The mutable state that requests share. Locked while a step is planned, written and submitted, so that no other comes between.
pub(super) struct State {
    pub(super) memory: Memory,
    pub(super) scheduler: Scheduler,
    pub(super) answers: Answers,
    /// The sequences of requests that run.
    pub(super) open: BTreeMap<RequestId, Open>,
    /// Open sequences that the scheduler doesn't know, of logits and embeddings.
    pub(super) asides: u32,
    pub(super) batch: Batch,
    pub(super) ring: ReadbackRing,
    /// Requests that wait for drafts.
    pub(super) drafting: Vec<RequestId>,
    /// Masks to compute, without the lock.
    pub(super) masking: VecDeque<MaskJob>,
    /// Callers to wake once the lock is free.
    pub(super) wakers: Vec<Waker>,
    /// The reason that no request can be answered any more.
    pub(super) failure: Option<wgslm_gpu::Error>,
}

impl Inner {
    /// Builds the KV cache, the workspace and the programs of `model`, whose weights are allocated on `device` already.
    ///
    /// # Errors
    /// [`Error::InvalidOption`](crate::Error::InvalidOption), [`TooLarge`](wgslm_gpu::Error::TooLarge) or what the device reports.
    pub(super) fn new(device: &Device, model: Model, options: &EngineOptions) -> Result<Self> {
        let spec = &model.spec;
        let gpu = device.gpu();
        let max_binding = gpu.capabilities().max_binding;
        let kv_format = options.kv_format.unwrap_or(device.kernels().kv_format());
        let prefill = match options.prefill_tokens {
            // A text to be pooled goes through the model in one step.
            _ if spec.pooled_values().is_some() => EMBEDDING_TOKENS,
            Some(tokens) => tokens,
            None if gpu.capabilities().software => SOFTWARE_PREFILL_TOKENS,
            None => PREFILL_TOKENS,
        };
        let fits = |width: u32| (max_binding / (u64::from(width) * 4)).clamp(1, u64::from(u32::MAX)) as u32;
        let widest = model::Workspace::widest(spec);
        let few = FEW_ROWS.min(fits(widest));
        let room = Room::new(spec, (kv_format, prefill.max(few), max_binding), options)?;
        let (slots, context_length) = (room.slots, room.context);
        let prefill_tokens = prefill.clamp(1, context_length).min(fits(widest));
        let rows = prefill_tokens.max(few);
        let of_sampling =
            [Sample::band_words(spec.vocabulary), Sample::changes_words(spec.vocabulary), Sample::HISTOGRAM_WORDS];
        let outputs = LOGIT_OUTPUTS.min(fits(of_sampling.into_iter().fold(widest, u32::max)));
        let layout = room.layout(spec, (kv_format, rows, max_binding));
        let kv = KvCache::new(gpu, layout, kv_format, Tables { slots, tokens: context_length })?;
        let memory = Memory::new(memory_config(&model, &kv, &room, options));
        let states = States::new(gpu, spec, memory.state_count())?;
        let encodings: Vec<Encoding> = match options.activations.encoding(device.kernels()) {
            Some(encoding) if device.kernels().fuses() => vec![encoding, Encoding::Int8, Encoding::Int16],
            encoding => encoding.into_iter().collect(),
        };
        let workspace = model::Workspace::new(device, spec, (rows, outputs, &encodings), (slots, context_length))?;
        let allowed = allowed(&model);
        gpu.write(&workspace.masks, 0, bytemuck::cast_slice(&allowed));
        let programs = programs(device, &model, (&workspace, &kv, &states, context_length), options.activations)?;
        gpu.check()?;
        let limits = Limits {
            slots: slots as usize,
            context: context_length,
            waiting: options.queue.unwrap_or(DEFAULT_QUEUE) as usize,
            few_rows: few.min(outputs).min(programs.few_tokens(options.activations.rounds()).unwrap_or(few)),
            bulk_tokens: prefill_tokens,
            budget: (prefill_tokens / BESIDE_STREAMS).max(few).min(prefill_tokens),
            steps_in_flight: GenerateOptions::MOST_IN_FLIGHT as usize,
            window: options.batching_window,
            patience: PATIENCE,
        };
        let state = State {
            memory,
            scheduler: Scheduler::new(limits),
            answers: Answers::default(),
            open: BTreeMap::new(),
            asides: 0,
            batch: Batch::new(&workspace),
            drafting: Vec::new(),
            masking: VecDeque::new(),
            ring: ReadbackRing::new(gpu, GenerateOptions::MOST_IN_FLIGHT as usize, workspace.results.size()),
            wakers: Vec::new(),
            failure: None,
        };
        Ok(Self {
            device: device.clone(),
            model,
            fingerprint: 0,
            load_times: LoadTimes::default(),
            kv,
            states,
            workspace,
            programs,
            slots,
            kv_tokens: room.tokens,
            context_length,
            prefill_tokens,
            wanted: options.activations,
            allowed,
            breakers: Breakers::default(),
            metrics: Metrics::new(options.price),
            began: Instant::now(),
            bell: Arc::default(),
            state: Mutex::new(state),
        })
    }

    /// Builds the programs again, with the kernel shapes chosen since.
    pub(super) fn rebuild_programs(&mut self) -> Result<()> {
        self.programs = programs(
            &self.device,
            &self.model,
            (&self.workspace, &self.kv, &self.states, self.context_length),
            self.wanted,
        )?;
        Ok(())
    }

    /// The time since the engine began.
    pub(super) fn now(&self) -> Duration {
        self.began.elapsed()
    }

    /// Locks the state.
    pub(super) fn lock(&self) -> Locked<'_> {
        Locked { state: self.state.lock().unwrap_or_else(PoisonError::into_inner), wakers: Wakers(Vec::new()) }
    }
}

/// The locked state. Callers that got something are woken when the lock is free again, since they may call at once.
pub(super) struct Locked<'a> {
    state: MutexGuard<'a, State>,
    /// Dropped after the lock.
    wakers: Wakers,
}

struct Wakers(Vec<Waker>);

impl Drop for Wakers {
    fn drop(&mut self) {
        self.0.drain(..).for_each(Waker::wake);
    }
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        self.wakers.0.append(&mut self.state.wakers);
    }
}

impl Deref for Locked<'_> {
    type Target = State;

    fn deref(&self) -> &State {
        &self.state
    }
}

impl DerefMut for Locked<'_> {
    fn deref_mut(&mut self) -> &mut State {
        &mut self.state
    }
}

/// The sizes of the memory of `model`.
fn memory_config(model: &Model, kv: &KvCache, room: &Room, options: &EngineOptions) -> cache::Config {
    let has_states = model.spec.state_bytes() > 0;
    cache::Config {
        blocks: kv.layout.blocks,
        groups: kv.layout.windows.iter().map(|window| (*window > 0).then_some(*window)).collect(),
        block_tokens: BLOCK_TOKENS,
        states: has_states.then_some(cache::States { recent: RECENT_STATES, checkpoints: room.checkpoints }),
        slots: room.slots,
        order: options.block_order,
        prefix_cache: options.prefix_cache.unwrap_or(true),
    }
}

/// A bit set for each token that may be sampled: neither one that the model's files suppress, nor one that the output head has a row
/// for and the tokenizer no text.
fn allowed(model: &Model) -> Vec<u32> {
    let vocabulary = model.spec.vocabulary;
    let mut words = vec![u32::MAX; Sample::mask_words(vocabulary) as usize];
    if let Ok(tokenizer) = model.tokenizer() {
        let without_text = tokenizer.vocabulary_size() as u32..vocabulary;
        let suppressed = tokenizer.suppressed_tokens().iter().copied().filter(|token| *token < vocabulary);
        for token in without_text.chain(suppressed) {
            words[token as usize / 32] &= !(1 << (token % 32));
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
