//! The choice of the checkpoint that goes when a new one needs its state.

use std::cmp::{Ordering, Reverse};
use std::collections::BTreeMap;

use super::Pools;
use super::pool::Holder;
use super::tree::{NodeId, ROOT, Tree};

/// The worth of a checkpoint: the tokens that would be read again without it, by the time since its last use.
#[derive(Clone, Copy, Debug)]
struct Worth {
    tokens: u32,
    age: u64,
}

impl Worth {
    fn compare(self, other: Self) -> Ordering {
        let scaled = |tokens: u32, age: u64| u128::from(tokens) * u128::from(age);
        scaled(self.tokens, other.age).cmp(&scaled(other.tokens, self.age))
    }
}

impl Tree {
    /// Drops the checkpoint that is worth least; false where there is none.
    ///
    /// Between others of its path a checkpoint is worth the tokens between these, so the densest go first. The first of a path, which
    /// all that begin alike start from, and the last, which the next turn does, are worth the whole path. All are worth less the
    /// longer they weren't used. Those that a session's prefix starts from go last.
    pub(super) fn drop_checkpoint(&mut self, pools: &mut Pools) -> bool {
        // Of two that are worth the same the deeper one goes, since more can follow the other.
        let held = self.held_checkpoints();
        let rank = |(id, worth)| (held.contains(&id), worth, Reverse(self.node(id).end()), id);
        let ranks = self.worths().into_iter().map(rank);
        let least =
            ranks.min_by(|a, b| a.0.cmp(&b.0).then_with(|| a.1.compare(b.1)).then_with(|| (a.2, a.3).cmp(&(b.2, b.3))));
        let Some((.., id)) = least else { return false };
        if let Some(state) = self.node_mut(id).state.take() {
            pools.states.release(state, Holder::Cache);
            self.checkpoints -= 1;
        }
        self.prune(id, pools);
        true
    }

    fn worths(&self) -> BTreeMap<NodeId, Worth> {
        let checkpoints = || self.ids().filter(|id| self.node(*id).state.is_some());
        // The lengths of the nearest checkpoint below each, and of the deepest.
        let mut below: BTreeMap<NodeId, (u32, u32)> = BTreeMap::new();
        for id in checkpoints() {
            let end = self.node(id).end();
            let mut nearest = end;
            for above in self.checkpoints_above(id) {
                let (first, deepest) = below.entry(above).or_insert((nearest, end));
                *first = nearest.min(*first);
                *deepest = end.max(*deepest);
                nearest = self.node(above).end();
            }
        }
        let worth = |id| {
            let node = self.node(id);
            let tokens = match (self.checkpoints_above(id).next(), below.get(&id)) {
                (Some(above), Some((nearest, _))) => nearest - self.node(above).end(),
                (None, Some((_, deepest))) => *deepest,
                (_, None) => node.end(),
            };
            (id, Worth { tokens, age: self.clock - node.last_used + 1 })
        };
        checkpoints().map(worth).collect()
    }

    /// The checkpoints above a node, the nearest first.
    pub(super) fn checkpoints_above(&self, id: NodeId) -> impl Iterator<Item = NodeId> {
        let up = |id: &NodeId| (*id != ROOT).then(|| self.node(*id).parent);
        std::iter::successors(up(&id), up).filter(|id| self.node(*id).state.is_some())
    }
}
