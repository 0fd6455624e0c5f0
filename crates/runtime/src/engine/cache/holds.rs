//! Holds on cached prefixes: the claims of sessions that what they have read goes last.
//!
//! A hold is a preference, not a promise: where nothing else is left to evict, the least recently used prefix goes though it is held, and
//! the hold becomes shorter. So holds never keep a request from its room, and at worst their owners' tokens are read again.

use std::collections::BTreeSet;

use super::Memory;
use super::tree::{NodeId, ROOT, Tree};

/// A hold's name, never used for another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::engine) struct HoldId(u64);

impl Memory {
    /// A hold on nothing.
    pub(in crate::engine) fn new_hold(&mut self) -> HoldId {
        let id = HoldId(self.next_hold);
        self.next_hold += 1;
        self.tree.holds.insert(id, ROOT);
        id
    }

    /// Moves a hold to the longest cached prefix of `tokens`, and returns its length in tokens.
    pub(in crate::engine) fn hold(&mut self, id: HoldId, tokens: &[u32]) -> u32 {
        let Self { tree, pools, .. } = self;
        let path = tree.walk_to_end(tokens, pools).path;
        tree.touch(&path);
        let end = path.last().copied().unwrap_or(ROOT);
        tree.holds.insert(id, end);
        tree.node(end).end()
    }

    /// The number of tokens in the prefix that a hold is on; it falls where memory is short.
    pub(in crate::engine) fn held(&self, id: HoldId) -> u32 {
        self.tree.holds.get(&id).map_or(0, |end| self.tree.node(*end).end())
    }

    /// Ends a hold. What it was on stays cached as other prefixes do.
    pub(in crate::engine) fn let_go(&mut self, id: HoldId) {
        self.tree.holds.remove(&id);
    }
}

impl Tree {
    /// The nodes in which holds end.
    pub(super) fn hold_ends(&self) -> BTreeSet<NodeId> {
        self.holds.values().copied().filter(|end| *end != ROOT).collect()
    }

    /// The nodes with the checkpoints that held prefixes start from.
    pub(super) fn held_checkpoints(&self) -> BTreeSet<NodeId> {
        let nearest = |end: NodeId| match self.node(end).state {
            Some(_) => Some(end),
            None => self.checkpoints_above(end).next(),
        };
        self.hold_ends().into_iter().filter_map(nearest).collect()
    }

    /// Moves the holds that end in one node to another.
    pub(super) fn move_holds(&mut self, from: NodeId, to: NodeId) {
        self.holds.values_mut().filter(|end| **end == from).for_each(|end| *end = to);
    }
}
