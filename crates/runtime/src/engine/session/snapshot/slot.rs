//! A slot whose contents are copied to or from a snapshot.

use std::sync::Arc;

use wgslm_gpu::Region;

use super::super::super::Handle;
use super::super::super::cache::{BlockCopy, Contents};
use crate::{Error, Result};

/// An open sequence that no step runs. It holds its blocks and its state until it is dropped.
pub(super) struct Slot {
    engine: Arc<Handle>,
    slot: u32,
    length: u32,
}

impl Slot {
    /// The longest cached prefix of `tokens` that can be copied.
    ///
    /// # Errors
    /// [`Error::Busy`] where no slot is free.
    pub(super) fn cached(engine: &Arc<Handle>, tokens: &[u32]) -> Result<Self> {
        let mut state = engine.lock();
        let opened = state.memory.open_whole(tokens);
        let retry_after_ms = state.scheduler.retry_after_ms(engine.now());
        let opened = opened.ok_or(Error::Busy { retry_after_ms })?;
        let copies: Vec<[u32; 2]> = opened.copies.iter().map(|BlockCopy { from, to }| [*from, *to]).collect();
        engine.kv.copy_blocks(engine.device.gpu(), &copies);
        state.asides += 1;
        Ok(Self { engine: Arc::clone(engine), slot: opened.slot, length: opened.cached })
    }

    /// Room for `length` tokens, whose contents are to be written; `None` where there is none.
    pub(super) fn empty(engine: &Arc<Handle>, length: u32) -> Option<Self> {
        let mut state = engine.lock();
        let slot = state.memory.open_empty(length)?;
        state.asides += 1;
        Some(Self { engine: Arc::clone(engine), slot, length })
    }

    /// The number of its tokens.
    pub(super) fn length(&self) -> u32 {
        self.length
    }

    /// The regions of its blocks and its state on the device, in the order of a snapshot.
    pub(super) fn regions(&self) -> Vec<Region> {
        let Contents { blocks, state, .. } = self.engine.lock().memory.contents(self.slot);
        let (kv, states) = (&self.engine.kv, &self.engine.states);
        let blocks = blocks.into_iter().flat_map(|block| kv.block(block));
        blocks.chain(state.into_iter().flat_map(|state| states.state(state))).collect()
    }

    /// Gives what was written to the prefix cache, as that of `tokens`.
    pub(super) fn remember(self, tokens: &[u32]) {
        self.engine.lock().memory.remember(self.slot, &tokens[..tokens.len().min(self.length as usize)]);
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut state = self.engine.lock();
        state.memory.close(self.slot);
        state.asides -= 1;
        // A request may wait for the slot.
        self.engine.bell.ring();
    }
}
