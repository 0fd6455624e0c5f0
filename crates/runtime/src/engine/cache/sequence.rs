//! A sequence's share of the memory.

use std::collections::VecDeque;

use super::pool::{Holder, Pool};
use super::table::BlockTable;

/// What an open sequence holds.
#[derive(Debug)]
pub(super) struct Sequence {
    pub(super) table: BlockTable,
    /// Tokens whose keys, values and state are written by the steps so far.
    pub(super) length: u32,
    /// Tokens that the prefix cache knows of this sequence's blocks, which must not be written again.
    pub(super) remembered: u32,
    /// The states after the newest steps as (length, state), the oldest first.
    pub(super) recent: VecDeque<(u32, u32)>,
    /// Checkpoints that the prefix cache doesn't have yet, as (length, state).
    pub(super) pending: Vec<(u32, u32)>,
    /// The length of the newest checkpoint that the prefix cache was given.
    pub(super) newest_checkpoint: u32,
}

impl Sequence {
    /// A sequence whose first `length` tokens are cached.
    pub(super) fn new(table: BlockTable, length: u32, state: Option<u32>) -> Self {
        let recent = state.map(|state| (length, state)).into_iter().collect();
        Self { table, length, remembered: length, recent, pending: Vec::new(), newest_checkpoint: length }
    }

    /// The newest state at or before `length` that says more than the checkpoints do.
    ///
    /// The last token of a prompt always runs, so a checkpoint is of use one token before its end, and one at the end no more.
    pub(super) fn state_worth_keeping(&self, length: u32) -> Option<(u32, u32)> {
        let checkpoints = self.pending.iter().map(|(length, _)| *length).filter(|checkpoint| *checkpoint <= length);
        let newest = checkpoints.max().unwrap_or(0).max(self.newest_checkpoint);
        self.recent.iter().rev().copied().find(|state| state.0 <= length).filter(|state| state.0 > newest + 1)
    }

    /// Removes the checkpoints at or before `length` from those that the prefix cache doesn't have, and returns them.
    pub(super) fn take_pending(&mut self, length: u32) -> Vec<(u32, u32)> {
        self.pending.extract_if(.., |checkpoint| checkpoint.0 <= length).collect()
    }

    /// Releases the states after more than `length` tokens.
    pub(super) fn drop_states_after(&mut self, length: u32, pool: &mut Pool) {
        let later = |state: &(u32, u32)| state.0 > length;
        let dropped = self.recent.iter().chain(&self.pending).filter(|state| later(state));
        pool.release_all(dropped.map(|(_, state)| *state), Holder::Sequence);
        self.recent.retain(|state| !later(state));
        self.pending.retain(|state| !later(state));
    }

    /// All states that the sequence holds.
    pub(super) fn states(&self) -> impl Iterator<Item = u32> {
        self.recent.iter().chain(&self.pending).map(|(_, state)| *state)
    }
}
