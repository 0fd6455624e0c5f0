//! Sequences whose blocks and state are copied to somewhere else, or from there.

use super::sequence::Sequence;
use super::table::{BlockTable, TableRun};
use super::{Memory, Opened, opened};

/// What a sequence has on the device. Two of the same length have equally many blocks, in the same order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::engine) struct Contents {
    /// The sequence's tokens.
    pub(in crate::engine) length: u32,
    /// The blocks that the next token sees, group by group.
    pub(in crate::engine) blocks: Vec<u32>,
    /// The state after the last token, of a model that has states.
    pub(in crate::engine) state: Option<u32>,
}

impl Memory {
    /// Opens a sequence that is the longest cached prefix of `tokens` to end with a whole block, so that it has nothing of others that
    /// begin alike, or at a checkpoint of a model with states; `None` where no slot is free.
    pub(in crate::engine) fn open_whole(&mut self, tokens: &[u32]) -> Option<Opened> {
        let known = self.tree.walk(tokens).length;
        let whole = self.layout.whole_blocks(known) as u32 * self.config.block_tokens;
        let limit = if self.config.states.is_some() { known } else { whole };
        self.open_within(tokens, limit as usize)
    }

    /// Opens a sequence of `length` tokens whose contents are to be written; `None` where there is no slot, no room, or no cache that could
    /// keep them.
    pub(in crate::engine) fn open_empty(&mut self, length: u32) -> Option<u32> {
        if !self.config.prefix_cache || self.free_slots.is_empty() {
            return None;
        }
        let run = |group| TableRun { group, first: self.layout.seen(group, length).start, blocks: Vec::new() };
        let mut table = BlockTable::new((0..self.layout.windows.len()).map(run).collect());
        let Self { tree, pools, layout, .. } = self;
        let room = tree.evict(table.missing(layout, length), pools) && table.grow(layout, length, &mut pools.blocks);
        if !room {
            return None;
        }
        let slot = self.free_slots.pop()?;
        self.slots[slot as usize] = Some(Sequence::new(table, 0, None));
        self.advance(slot, length);
        self.next_state(slot, length);
        Some(slot)
    }

    /// What a sequence that was opened by [`Self::open_whole`] or [`Self::open_empty`] has on the device.
    pub(in crate::engine) fn contents(&mut self, slot: u32) -> Contents {
        let Sequence { table, length, recent, .. } = opened(&mut self.slots, slot);
        let blocks = table.runs().iter().flat_map(|run| &run.blocks).copied().collect();
        Contents { length: *length, blocks, state: recent.back().map(|(_, state)| *state) }
    }

    /// The number of [`Contents::blocks`] of `length` tokens.
    pub(in crate::engine) fn content_blocks(&self, length: u32) -> usize {
        (0..self.layout.windows.len()).map(|group| self.layout.seen(group, length).len()).sum()
    }
}
