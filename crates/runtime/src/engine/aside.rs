//! Sequences beside those of requests: of logits and profiles, which run step by step without the scheduler.

use wgslm_gpu::{Readback, ReadbackRing};
use wgslm_shaders::{Output, Token};

use super::Inner;
use super::inner::State;
use super::schedule::{FEW_ROWS, Kind};
use crate::{Error, Result};

/// Readbacks of logits under way at a time.
const LOGIT_READBACKS: usize = 4;

/// A sequence that the scheduler doesn't know. It starts without a cached prefix, and holds its slot, its blocks and its states until it
/// is dropped.
pub(super) struct Aside<'a> {
    inner: &'a Inner,
    slot: u32,
    length: u32,
    /// Activations may be rounded.
    rounds: bool,
}

impl<'a> Aside<'a> {
    /// An empty sequence.
    ///
    /// # Errors
    /// [`Error::Busy`] where no slot is free.
    pub(super) fn open(inner: &'a Inner, rounds: bool) -> Result<Self> {
        let state = &mut *inner.lock();
        let opened = state.memory.open(&[]);
        let retry_after_ms = state.scheduler.retry_after_ms(inner.now());
        let slot = opened.ok_or(Error::Busy { retry_after_ms })?.slot;
        state.asides += 1;
        Ok(Self { inner, slot, length: 0, rounds })
    }

    pub(super) fn slot(&self) -> u32 {
        self.slot
    }

    /// Appends `tokens` and calls `each` with the logits of every token from the `first` on.
    pub(super) async fn logits(
        mut self,
        tokens: &[u32],
        first: usize,
        mut each: impl FnMut(usize, &[f32]) -> Result<()>,
    ) -> Result<()> {
        let inner = self.inner;
        let output_capacity = inner.workspace.output_capacity as usize;
        let vocabulary = inner.model.spec.vocabulary as usize;
        let mut ring = ReadbackRing::new(inner.device.gpu(), LOGIT_READBACKS, inner.logit_bytes(output_capacity));
        let mut position = first;
        let mut appended = 0;
        for chunk in tokens.chunks((inner.prefill_tokens as usize).min(LOGIT_READBACKS * output_capacity)) {
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

    /// Appends `tokens` and submits the logits of every token from the `first` on, before another step can overwrite the residual stream.
    fn submit_logits(&mut self, tokens: &[u32], first: usize, ring: &mut ReadbackRing) -> Result<Vec<Readback>> {
        let inner = self.inner;
        let mut state = inner.lock();
        self.set_tokens(&mut state, tokens)?;
        let kind = if tokens.len() <= FEW_ROWS as usize { Kind::Few } else { Kind::Bulk };
        inner.submit_tokens(&mut state.batch, kind, self.rounds);
        let outputs: Vec<_> =
            (first..tokens.len()).map(|token| Output { token: token as u32, ..Output::default() }).collect();
        let groups = outputs.chunks(inner.workspace.output_capacity as usize);
        Ok(groups.map(|outputs| inner.submit_logits(&mut state.batch, outputs, self.rounds, ring)).collect())
    }

    /// Takes blocks for `tokens` tokens without computing anything for them.
    pub(super) fn skip(&mut self, state: &mut State, tokens: u32) -> Result<()> {
        let end = self.length + tokens;
        while self.length < end {
            self.grow(state, end.min(self.length + self.inner.prefill_tokens))?;
        }
        Ok(())
    }

    /// Sets the tokens of the next step to ones that follow the sequence. The last one's state becomes the sequence's.
    pub(super) fn set_tokens(&mut self, state: &mut State, tokens: &[u32]) -> Result<()> {
        let (first, end) = (self.length, self.length + tokens.len() as u32);
        self.grow(state, end)?;
        let rows = self.inner.rows_of(state, (self.slot, first), tokens);
        state.batch.set_tokens(rows);
        Ok(())
    }

    /// Takes blocks for the first `length` tokens, which are the sequence's from now on.
    fn grow(&mut self, state: &mut State, length: u32) -> Result<()> {
        if !self.inner.grow(state, self.slot, length) {
            let alone = state.open.is_empty() && state.asides == 1;
            let retry_after_ms = state.scheduler.retry_after_ms(self.inner.now());
            return Err(if alone { Error::KvCacheFull } else { Error::Busy { retry_after_ms } });
        }
        self.length = length;
        Ok(())
    }
}

impl Inner {
    /// Takes blocks for the first `length` tokens of a slot, which are the sequence's from now on; false, with nothing taken, where there is
    /// no room.
    pub(super) fn grow(&self, state: &mut State, slot: u32, length: u32) -> bool {
        if !state.memory.reserve(slot, length) {
            return false;
        }
        if let Some(change) = state.memory.take_table_changes(slot) {
            self.kv.write_table(self.device.gpu(), slot, change.first, &change.entries);
        }
        state.memory.advance(slot, length);
        true
    }

    /// The rows of `tokens`, which stand in a sequence from position `first` on. The last one's state becomes the sequence's.
    pub(super) fn rows_of<'a>(
        &self,
        state: &mut State,
        (slot, first): (u32, u32),
        tokens: &'a [u32],
    ) -> impl Iterator<Item = Token> + use<'a> {
        let end = first + tokens.len() as u32;
        let table = self.kv.table_offset(slot);
        let causal = self.model.spec.causal;
        let states = state.memory.next_state(slot, end);
        let state_from = states.and_then(|states| states.from).unwrap_or(0);
        let last_state_to = states.map_or(0, |states| states.to + 1);
        tokens.iter().zip(first..).map(move |(&token, position)| {
            let context = if causal { position + 1 } else { end };
            let state_to = if position + 1 == end { last_state_to } else { 0 };
            Token { token, position, table, source: 0, context, state_from, state_to }
        })
    }
}

impl Drop for Aside<'_> {
    fn drop(&mut self) {
        let mut state = self.inner.lock();
        state.memory.close(self.slot);
        state.asides -= 1;
        // A request may wait for the slot.
        self.inner.bell.ring();
    }
}
