//! A sequence of tokens in the KV cache: its slot, its blocks, its states and its length.

use std::sync::Arc;

use wgslm_gpu::{Readback, ReadbackRing};
use wgslm_shaders::{Output, Sample, Token};

use super::blocks::BlockTable;
use super::{Activations, Inner, LOGIT_READBACKS, State};
use crate::{Error, Result};

/// The parameters by which a sequence's next token is sampled.
#[derive(Clone, Copy)]
pub(super) struct Sampling {
    pub(super) inverse_temperature: f32,
    pub(super) seed: u32,
    pub(super) top_k: u32,
    pub(super) top_p: f32,
    pub(super) min_p: f32,
}

impl Sampling {
    /// The output that samples the token at `position` from the logits of the step's token of index `token`, for `slot`.
    pub(super) fn output(self, token: u32, slot: u32, position: u32) -> Output {
        let Self { inverse_temperature, seed, top_k, top_p, min_p } = self;
        Output { token, slot, inverse_temperature, seed, position, top_k, top_p, min_p }
    }
}

/// A sequence of tokens in the KV cache. Holds its slot, its blocks and its states until it is dropped.
pub(super) struct Sequence {
    inner: Arc<Inner>,
    slot: u32,
    blocks: BlockTable,
    /// The ids of two states where the model's layers keep states, the one after the last token first: a step reads that and
    /// writes the other.
    states: Vec<u32>,
    length: u32,
    /// Activations may be rounded.
    rounds: bool,
}

impl Sequence {
    /// An empty sequence, with f32 activations unless [`Activations::Int8`] was asked for.
    pub(super) fn open(inner: &Arc<Inner>) -> Result<Self> {
        let mut state = inner.state();
        let slot = state.free_slots.pop().ok_or(Error::KvCacheFull)?;
        // There are two for each slot.
        let states = state.states.take(if inner.states.count > 0 { 2 } else { 0 }).unwrap_or_default();
        Ok(Self {
            inner: Arc::clone(inner),
            slot,
            blocks: BlockTable::new(&inner.kv.layout.windows),
            states,
            length: 0,
            rounds: inner.wanted == Activations::Int8,
        })
    }

    /// An empty sequence, with activations as the caller asked for.
    pub(super) fn for_prompt(inner: &Arc<Inner>) -> Result<Self> {
        let mut sequence = Self::open(inner)?;
        sequence.rounds = inner.wanted.rounds();
        Ok(sequence)
    }

    /// Appends `tokens`, at most as many as the workspace has room for, and samples the token that follows where `sampling` is
    /// given. The readback has the sampled tokens: see [`Self::sampled`].
    pub(super) fn append(
        &mut self,
        tokens: &[u32],
        sampling: Option<Sampling>,
        ring: &mut ReadbackRing,
    ) -> Result<Readback> {
        self.submit(known(tokens), sampling, ring)
    }

    /// Appends the token sampled last and samples the next one, all on the device.
    pub(super) fn append_sampled(&mut self, sampling: Sampling, ring: &mut ReadbackRing) -> Result<Readback> {
        self.submit(std::iter::once((0, self.slot + 1)), Some(sampling), ring)
    }

    /// This sequence's token, sampled for `position`, from the bytes of a readback.
    ///
    /// # Errors
    /// [`Error::NotFinite`] where no token could be sampled.
    pub(super) fn sampled(&self, bytes: &[u8], position: u32) -> Result<u32> {
        match bytemuck::pod_collect_to_vec::<u8, u32>(bytes)[self.slot as usize] {
            Sample::NOT_FINITE => Err(Error::NotFinite { position }),
            token => Ok(token),
        }
    }

    /// Drops the tokens from position `length` on, at most a block's. Their keys and values stay in the cache until others
    /// overwrite them. Where layers keep states, which can't be truncated, no token may follow.
    pub(super) fn truncate(&mut self, length: u32) {
        self.length = self.length.min(length);
    }

    /// Appends `tokens` and calls `each` with the logits of every token from the `first` on.
    pub(super) async fn logits(
        mut self,
        tokens: &[u32],
        first: usize,
        mut each: impl FnMut(usize, &[f32]) -> Result<()>,
    ) -> Result<()> {
        let inner = Arc::clone(&self.inner);
        let output_capacity = inner.workspace.output_capacity as usize;
        let vocabulary = inner.model.spec.vocabulary as usize;
        let mut ring = ReadbackRing::new(inner.device.gpu(), LOGIT_READBACKS, inner.logit_bytes(output_capacity));
        let mut position = first;
        let mut appended = 0;
        for chunk in tokens.chunks((inner.workspace.token_capacity as usize).min(LOGIT_READBACKS * output_capacity)) {
            for readback in self.submit_logits(chunk, first.saturating_sub(appended), &mut ring)? {
                let logits: Vec<f32> = bytemuck::pod_collect_to_vec(&readback.await?);
                for row in logits.chunks_exact(vocabulary) {
                    each(position, row)?;
                    position += 1;
                }
            }
            appended += chunk.len();
        }
        Ok(())
    }

    /// Appends `tokens` and submits the logits of every token from the `first` on, before another sequence can overwrite the
    /// residual stream.
    fn submit_logits(&mut self, tokens: &[u32], first: usize, ring: &mut ReadbackRing) -> Result<Vec<Readback>> {
        let inner = Arc::clone(&self.inner);
        let mut state = inner.state();
        self.set_tokens(&mut state, known(tokens))?;
        inner.submit_tokens(&mut state.batch, self.rounds);
        self.length += tokens.len() as u32;
        let outputs: Vec<_> =
            (first..tokens.len()).map(|token| Output { token: token as u32, ..Output::default() }).collect();
        let groups = outputs.chunks(inner.workspace.output_capacity as usize);
        Ok(groups.map(|outputs| inner.submit_logits(&mut state.batch, outputs, self.rounds, ring)).collect())
    }

    /// The embedding of `tokens`; the sequence must be empty.
    pub(super) async fn embed(mut self, tokens: &[u32]) -> Result<Vec<f32>> {
        let inner = Arc::clone(&self.inner);
        let bytes = u64::from(inner.model.spec.width) * 4;
        let mut ring = ReadbackRing::new(inner.device.gpu(), 1, bytes);
        let readback = {
            let mut state = inner.state();
            self.set_tokens(&mut state, known(tokens))?;
            state.batch.set_outputs(&[Output::default()]);
            inner.submit_embedding(&state.batch, self.rounds, bytes, &mut ring)
        };
        let embedding: Vec<f32> = bytemuck::pod_collect_to_vec(&readback.await?);
        if embedding.iter().all(|value| value.is_finite()) {
            return Ok(embedding);
        }
        Err(Error::NotFinite { position: tokens.len() as u32 })
    }

    /// Runs tokens, given as (id, [`Token::source`]), and samples the next one where `sampling` is given.
    fn submit(
        &mut self,
        tokens: impl ExactSizeIterator<Item = (u32, u32)>,
        sampling: Option<Sampling>,
        ring: &mut ReadbackRing,
    ) -> Result<Readback> {
        let inner = Arc::clone(&self.inner);
        let mut state = inner.state();
        self.set_batch(&mut state, tokens, sampling)?;
        Ok(inner.submit_batch(&state.batch, self.rounds, ring))
    }

    /// Sets the next step to `tokens` after `depth` others, for which blocks are allocated but nothing is computed.
    pub(super) fn set_batch_at(
        &mut self,
        state: &mut State,
        depth: u32,
        tokens: &[u32],
        sampling: Sampling,
    ) -> Result<()> {
        self.length = depth;
        self.set_batch(state, known(tokens), Some(sampling))
    }

    /// Sets the next step to tokens that follow the sequence, and to sampling the next one where `sampling` is given.
    fn set_batch(
        &mut self,
        state: &mut State,
        tokens: impl ExactSizeIterator<Item = (u32, u32)>,
        sampling: Option<Sampling>,
    ) -> Result<()> {
        let count = tokens.len() as u32;
        self.set_tokens(state, tokens)?;
        self.length += count;
        let output = sampling.map(|sampling| sampling.output(count - 1, self.slot, self.length));
        state.batch.set_outputs(output.as_slice());
        Ok(())
    }

    /// Sets the tokens of the next step to ones that follow the sequence, and allocates blocks for them. The last one's state
    /// becomes the sequence's.
    fn set_tokens(&mut self, state: &mut State, tokens: impl ExactSizeIterator<Item = (u32, u32)>) -> Result<()> {
        let (kv, count) = (&self.inner.kv, tokens.len() as u32);
        let end = self.length + count;
        let new = self.blocks.extend(self.length..end, &mut state.blocks).ok_or(Error::KvCacheFull)?;
        if !new.is_empty() {
            kv.write_table(self.inner.device.gpu(), self.slot, new.start, self.blocks.entries(new));
        }
        let table = kv.table_offset(self.slot);
        let causal = self.inner.model.spec.causal;
        let (state_from, last_state_to) = match self.states[..] {
            [from, to] => (from, to + 1),
            _ => (0, 0),
        };
        self.states.reverse();
        let rows = tokens.zip(self.length..).map(|((token, source), position)| {
            let context = if causal { position + 1 } else { end };
            let state_to = if position + 1 == end { last_state_to } else { 0 };
            Token { token, position, table, source, context, state_from, state_to }
        });
        state.batch.set_tokens(rows);
        Ok(())
    }
}

/// Tokens of known ids, as (id, [`Token::source`]).
fn known(tokens: &[u32]) -> impl ExactSizeIterator<Item = (u32, u32)> {
    tokens.iter().map(|token| (*token, 0))
}

impl Drop for Sequence {
    fn drop(&mut self) {
        let mut state = self.inner.state();
        self.blocks.clear(&mut state.blocks);
        state.states.give_back(self.states.drain(..));
        state.free_slots.push(self.slot);
    }
}
