//! The memory that sequences share: slots, blocks of keys and values, states, and the cache of prefixes that holds on to them.
//!
//! All of it is bookkeeping. The device's buffers are the driver's, which does what this module says in the order in which it says
//! it: since the device's queue is in order too, what is released can be taken again at once.

mod checkpoints;
mod config;
mod contents;
mod evict;
mod hit;
mod holds;
mod integrity;
mod layout;
mod pool;
mod sequence;
mod table;
#[cfg(test)]
mod tests;
mod tree;

pub(super) use config::{BlockCopy, Config, Opened, StateStep, States, Statistics};
pub(super) use contents::Contents;
pub(super) use holds::HoldId;
pub use pool::BlockOrder;
pub(super) use table::TableChange;

use hit::Hit;
use layout::Layout;
use pool::{Holder, Pool};
use sequence::Sequence;
use table::BlockTable;
use tree::Tree;

/// The units that everything in the memory is made of.
#[derive(Debug)]
struct Pools {
    blocks: Pool,
    states: Pool,
}

/// The memory of an engine. Sequences are known by their slots.
#[derive(Debug)]
pub(super) struct Memory {
    config: Config,
    layout: Layout,
    pools: Pools,
    tree: Tree,
    slots: Vec<Option<Sequence>>,
    free_slots: Vec<u32>,
    hits: u64,
    misses: u64,
    saved_tokens: u64,
    next_hold: u64,
}

impl Memory {
    /// A memory in which everything is free.
    pub(super) fn new(config: Config) -> Self {
        let layout = Layout { block_tokens: config.block_tokens, windows: config.groups.clone() };
        Self {
            pools: Pools {
                blocks: Pool::new(config.blocks, config.order),
                states: Pool::new(config.state_count(), BlockOrder::Ascending),
            },
            tree: Tree::new(layout.clone(), config.states.is_some()),
            layout,
            slots: (0..config.slots).map(|_| None).collect(),
            free_slots: (0..config.slots).rev().collect(),
            config,
            hits: 0,
            misses: 0,
            saved_tokens: 0,
            next_hold: 0,
        }
    }

    /// The number of states that the device has to have room for.
    pub(super) fn state_count(&self) -> u32 {
        self.config.state_count()
    }

    /// Opens a sequence that starts with the longest cached prefix of `prompt`; `None` where no slot is free.
    ///
    /// At least the last token of the prompt is left to run, since its logits are wanted.
    pub(super) fn open(&mut self, prompt: &[u32]) -> Option<Opened> {
        self.open_within(prompt, prompt.len().saturating_sub(1))
    }

    /// Opens a sequence as [`Self::open`] does, with at most the first `limit` tokens.
    fn open_within(&mut self, prompt: &[u32], limit: usize) -> Option<Opened> {
        let slot = self.free_slots.pop()?;
        let mut limit = if self.config.prefix_cache { limit } else { 0 };
        let known = self.tree.walk(&prompt[..limit]).length;
        let (hit, table, copies) = loop {
            let hit = self.tree.longest(&prompt[..limit]);
            if let Some((table, copies)) = self.adopt(&hit) {
                break (hit, table, copies);
            }
            // There is no room to copy the block that the prefix ends in; a prefix of whole blocks needs none.
            limit = self.layout.whole_blocks(hit.length) * self.config.block_tokens as usize;
        };
        self.hits += u64::from(hit.length > 0);
        self.misses += u64::from(hit.length == 0);
        self.saved_tokens += u64::from(hit.length);
        self.slots[slot as usize] = Some(Sequence::new(table, hit.length, hit.state));
        Some(Opened { slot, cached: hit.length, known, copies })
    }

    /// Holds the blocks and the state of a hit, and takes blocks for copies of those that it ends in; `None` without room.
    fn adopt(&mut self, hit: &Hit) -> Option<(BlockTable, Vec<BlockCopy>)> {
        let Pools { blocks, states } = &mut self.pools;
        let shared = || hit.runs.iter().flat_map(|run| &run.blocks).copied();
        let copied = || hit.partial.iter().copied();
        // Held before room is made, so that nothing of it is evicted.
        shared().chain(copied()).for_each(|block| blocks.retain(block, Holder::Sequence));
        hit.state.iter().for_each(|state| states.retain(*state, Holder::Sequence));
        let mut table = BlockTable::new(hit.runs.clone());
        let grown = self.tree.evict(hit.partial.len(), &mut self.pools)
            && table.grow(&self.layout, hit.length, &mut self.pools.blocks);
        self.pools.blocks.release_all(copied(), Holder::Sequence);
        if !grown {
            table.clear(&mut self.pools.blocks);
            self.pools.states.release_all(hit.state, Holder::Sequence);
            return None;
        }
        let last = self.layout.whole_blocks(hit.length);
        let copy = |(group, from): (usize, &u32)| Some(BlockCopy { from: *from, to: table.get(group, last)? });
        let copies = hit.partial.iter().enumerate().filter_map(copy).collect();
        Some((table, copies))
    }

    /// Makes room for a sequence's first `length` tokens, of its own blocks that no later token sees, and if need be by evicting
    /// cached prefixes; false, with nothing taken, where open sequences hold too much.
    pub(super) fn reserve(&mut self, slot: u32, length: u32) -> bool {
        let Self { slots, pools, tree, layout, .. } = self;
        let Sequence { table, length: ran, .. } = opened(slots, slot);
        table.release_unseen(layout, *ran, &mut pools.blocks);
        tree.evict(table.missing(layout, length), pools) && table.grow(layout, length, &mut pools.blocks)
    }

    /// The entries of a sequence's block table to be written to the device before its next step.
    pub(super) fn take_table_changes(&mut self, slot: u32) -> Option<TableChange> {
        opened(&mut self.slots, slot).table.take_changes()
    }

    /// Takes the states of a sequence's next step, which ends at `length` tokens; `None` of a model without states.
    pub(super) fn next_state(&mut self, slot: u32, length: u32) -> Option<StateStep> {
        let kept = self.config.states?.recent.max(2) as usize;
        let sequence = opened(&mut self.slots, slot);
        while sequence.recent.len() >= kept {
            let (_, oldest) = sequence.recent.pop_front()?;
            self.pools.states.release(oldest, Holder::Sequence);
        }
        let from = sequence.recent.back().map(|(_, state)| *state);
        let to = self.pools.states.take()?;
        sequence.recent.push_back((length, to));
        Some(StateStep { from, to })
    }

    /// Takes a state for a checkpoint after `length` tokens, which the sequence's next step has to write; `None` where there is no
    /// room for one.
    ///
    /// Asked for twice, for a step that was put off, it is the same state. A prompt that comes again runs at least its last token, so
    /// the checkpoint that serves it lies one token before its end.
    pub(super) fn checkpoint(&mut self, slot: u32, length: u32) -> Option<u32> {
        let pending = &opened(&mut self.slots, slot).pending;
        if let Some((_, state)) = pending.iter().find(|checkpoint| checkpoint.0 == length) {
            return Some(*state);
        }
        if !self.config.prefix_cache || !self.make_room_for_checkpoint() {
            return None;
        }
        let state = self.pools.states.take()?;
        opened(&mut self.slots, slot).pending.push((length, state));
        Some(state)
    }

    /// Drops checkpoints of the prefix cache until there is room for one more.
    fn make_room_for_checkpoint(&mut self) -> bool {
        let most = self.config.states.map_or(0, |states| states.checkpoints as usize);
        let pending: usize = self.slots.iter().flatten().map(|sequence| sequence.pending.len()).sum();
        while self.tree.checkpoints + pending >= most {
            if !self.tree.drop_checkpoint(&mut self.pools) {
                return false;
            }
        }
        true
    }

    /// Notes that the steps so far write a sequence's first `length` tokens.
    ///
    /// Until the next step has its room, prefixes that end anywhere in this one can be [cached](Self::remember).
    pub(super) fn advance(&mut self, slot: u32, length: u32) {
        opened(&mut self.slots, slot).length = length;
    }

    /// Drops a sequence's tokens after the first `length`; false, with nothing changed, where what the rest needs is gone or the
    /// prefix cache has the dropped tokens.
    pub(super) fn truncate(&mut self, slot: u32, length: u32) -> bool {
        let sequence = opened(&mut self.slots, slot);
        let length = length.min(sequence.length);
        let has_state =
            self.config.states.is_none() || length == 0 || sequence.recent.iter().any(|state| state.0 == length);
        if length < sequence.remembered || !has_state || !sequence.table.sees(&self.layout, length) {
            return false;
        }
        sequence.length = length;
        sequence.table.truncate(&self.layout, length, &mut self.pools.blocks);
        sequence.drop_states_after(length, &mut self.pools.states);
        true
    }

    /// Caches a sequence's first tokens, which are `tokens`: at the end of its prompt and at its own end, and wherever else others
    /// may go on from, such as [`Opened::known`].
    pub(super) fn remember(&mut self, slot: u32, tokens: &[u32]) {
        if !self.config.prefix_cache {
            return;
        }
        let sequence = opened(&mut self.slots, slot);
        let tokens = &tokens[..tokens.len().min(sequence.length as usize)];
        let length = tokens.len() as u32;
        let recent = sequence.state_worth_keeping(length).filter(|_| self.make_room_for_checkpoint());
        let sequence = opened(&mut self.slots, slot);
        let pending = sequence.take_pending(length);
        let checkpoints: Vec<_> = pending.iter().copied().chain(recent).collect();
        self.tree.insert(tokens, &sequence.table, &checkpoints, &mut self.pools);
        self.pools.states.release_all(pending.into_iter().map(|(_, state)| state), Holder::Sequence);
        sequence.remembered = sequence.remembered.max(length);
        sequence.newest_checkpoint =
            checkpoints.iter().map(|checkpoint| checkpoint.0).fold(sequence.newest_checkpoint, u32::max);
    }

    /// Closes a sequence. Its slot, and what nobody else holds of its blocks and states, are free at once.
    pub(super) fn close(&mut self, slot: u32) {
        if let Some(sequence) = self.slots[slot as usize].take() {
            self.pools.states.release_all(sequence.states(), Holder::Sequence);
            sequence.table.clear(&mut self.pools.blocks);
            self.free_slots.push(slot);
        }
    }

    /// Counts of hits and of blocks.
    pub(super) fn statistics(&self) -> Statistics {
        let Self { pools, tree, hits, misses, saved_tokens, .. } = self;
        let (free, cached) = (pools.blocks.free(), pools.blocks.cached());
        Statistics {
            hits: *hits,
            misses: *misses,
            saved_tokens: *saved_tokens,
            evicted_blocks: tree.evicted,
            free_blocks: free,
            cached_blocks: cached,
            held_blocks: pools.blocks.size() - free - cached,
            checkpoints: tree.checkpoints,
            free_slots: self.free_slots.len(),
        }
    }
}

fn opened(slots: &mut [Option<Sequence>], slot: u32) -> &mut Sequence {
    slots[slot as usize].as_mut().expect("the driver uses only the slots of sequences that it opened")
}
