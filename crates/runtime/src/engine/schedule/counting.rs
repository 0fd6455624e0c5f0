//! A memory that only counts, for simulations.

use std::collections::{BTreeMap, BTreeSet};

use super::{Memory, RequestId};
use crate::engine::BLOCK_TOKENS;

/// Slots and blocks, of which sequences share none.
#[derive(Debug, Default)]
pub(crate) struct CountingMemory {
    pub(crate) free_slots: usize,
    pub(crate) free_blocks: u32,
    /// The cached tokens of prompts that have any.
    pub(crate) cached: BTreeMap<RequestId, u32>,
    /// The blocks of open sequences.
    pub(crate) open: BTreeMap<RequestId, u32>,
    /// Sequences that have ever been refused room.
    pub(crate) refused: BTreeSet<RequestId>,
}

impl CountingMemory {
    pub(crate) fn new(slots: usize, blocks: u32) -> Self {
        Self { free_slots: slots, free_blocks: blocks, ..Self::default() }
    }

    /// There is room for a sequence up to a length.
    pub(crate) fn has_room(&self, id: RequestId, length: u32) -> bool {
        length.div_ceil(BLOCK_TOKENS) <= self.open[&id] + self.free_blocks
    }
}

impl Memory for CountingMemory {
    fn open(&mut self, id: RequestId, prompt: &[u32]) -> Option<u32> {
        self.free_slots = self.free_slots.checked_sub(1)?;
        let cached = self.cached.get(&id).map_or(0, |cached| (*cached).min(prompt.len() as u32 - 1));
        assert_eq!(self.open.insert(id, 0), None, "{id:?} is opened once");
        // Cached blocks that are needed elsewhere have been evicted.
        if self.has_room(id, cached) && self.reserve(id, cached) { Some(cached) } else { Some(0) }
    }

    fn reserve(&mut self, id: RequestId, length: u32) -> bool {
        if !self.has_room(id, length) {
            self.refused.insert(id);
            return false;
        }
        let blocks = self.open.get_mut(&id).expect("only open sequences get room");
        let more = length.div_ceil(BLOCK_TOKENS).saturating_sub(*blocks);
        *blocks += more;
        self.free_blocks -= more;
        true
    }

    fn close(&mut self, id: RequestId, tokens: &[u32]) {
        assert!(!tokens.is_empty());
        self.free_blocks += self.open.remove(&id).expect("a sequence is closed once");
        self.free_slots += 1;
    }
}
