//! Eviction from the prefix cache.

use std::collections::BTreeSet;

use super::Pools;
use super::pool::Holder;
use super::tree::{NodeId, ROOT, Tree};

/// A node of which something is to be released: a whole leaf, or else the blocks that aren't seen from the end given.
struct Victim {
    id: NodeId,
    unseen_from: Option<u32>,
}

impl Tree {
    /// Releases what was least recently used until `wanted` blocks are free; false, with nothing released, where the tree alone
    /// can't free as many.
    ///
    /// Leaves go, and before a leaf the blocks of windowed groups that serve only prefixes that end in the middle of its path. What
    /// others hold stays theirs, and is no reason to evict anything. Prefixes that a session holds go last.
    pub(super) fn evict(&mut self, wanted: usize, pools: &mut Pools) -> bool {
        if pools.blocks.free() + pools.blocks.cached() < wanted {
            return false;
        }
        while pools.blocks.free() < wanted {
            match self.victim(pools) {
                Some(Victim { id, unseen_from: Some(end) }) => self.release_unseen(id, end, pools),
                Some(Victim { id, .. }) => self.evict_leaf(id, wanted - pools.blocks.free(), pools),
                None => return false,
            }
        }
        true
    }

    /// The least recently used node to release something of.
    fn victim(&self, pools: &Pools) -> Option<Victim> {
        let frees = |block: u32| pools.blocks.count(block) == 1;
        // A path's nodes were all used when its end was, and its end goes last.
        let held = self.hold_ends();
        let is_held = |victim: &Victim| victim.unseen_from.is_none() && held.contains(&victim.id);
        let rank = |victim: &Victim| {
            let node = self.node(victim.id);
            (is_held(victim), node.last_used, node.start)
        };
        let ends = self.next_ends(&held);
        let unseen = self.ids().filter(|id| self.unseen(*id, ends[*id]).any(frees));
        let unseen = unseen.map(|id| Victim { id, unseen_from: Some(ends[id]) });
        let leaves = || self.ids().filter(|id| self.node(*id).children.is_empty());
        let leaf = |id| Victim { id, unseen_from: None };
        let free = leaves().filter(|id| self.node(*id).held().any(frees)).map(leaf);
        // Where no leaf frees anything by itself, one may share a block with its parent.
        unseen.chain(free).min_by_key(rank).or_else(|| leaves().map(leaf).min_by_key(rank))
    }

    /// Removes a leaf, or only the end of it where that frees the `wanted` blocks and leaves a prefix that can be used.
    fn evict_leaf(&mut self, id: NodeId, wanted: usize, pools: &mut Pools) {
        let cut = !self.stateful && self.layout.windows.iter().all(Option::is_none);
        let node = self.node(id);
        let left = self.layout.blocks(node.end()).saturating_sub(wanted.div_ceil(self.layout.windows.len().max(1)));
        let position = left as u32 * self.layout.block_tokens;
        let (start, parent) = (node.start, node.parent);
        if cut && position > start {
            self.split(id, position, pools);
            let rest = *self.node(id).children.values().next().expect("a node that was split has a child");
            self.remove(rest, pools);
            return;
        }
        self.remove(id, pools);
        self.prune(parent, pools);
    }

    /// Releases the blocks of a node that [`Self::unseen`] lists.
    fn release_unseen(&mut self, id: NodeId, end: u32, pools: &mut Pools) {
        for group in 0..self.layout.windows.len() {
            let unseen = self.unseen_entries(id, group, end);
            let blocks = &mut self.node_mut(id).blocks[group][..unseen];
            let freed = blocks
                .iter_mut()
                .filter_map(Option::take)
                .filter(|block| pools.blocks.release(*block, Holder::Cache))
                .count();
            self.evicted += freed as u64;
        }
    }

    /// The blocks of a node that have fallen out of their group's window after `end` tokens.
    fn unseen(&self, id: NodeId, end: u32) -> impl Iterator<Item = u32> {
        let of_group = move |group| &self.node(id).blocks[group][..self.unseen_entries(id, group, end)];
        (0..self.layout.windows.len()).flat_map(of_group).flatten().copied()
    }

    /// The number of a node's entries of a group that have fallen out of the window after `end` tokens.
    fn unseen_entries(&self, id: NodeId, group: usize, end: u32) -> usize {
        let node = self.node(id);
        let kept = self.layout.first_kept(group, end);
        kept.saturating_sub(self.layout.index(node.start)).min(node.blocks[group].len())
    }

    /// For each node the end of the first leaf, fork or end of a hold from it downwards, whose window is to be kept.
    fn next_ends(&self, held: &BTreeSet<NodeId>) -> Vec<u32> {
        let is_end = |id: NodeId| self.node(id).children.len() != 1 || held.contains(&id);
        let mut ends = vec![0; self.nodes.len()];
        for id in self.ids().filter(|id| is_end(*id)) {
            ends[id] = self.node(id).end();
            let mut above = self.node(id).parent;
            while above != ROOT && !is_end(above) {
                ends[above] = ends[id];
                above = self.node(above).parent;
            }
        }
        ends
    }
}
