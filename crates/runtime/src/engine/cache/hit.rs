//! The search for the longest cached prefix that can be used.

use super::table::TableRun;
use super::tree::{NodeId, Tree, Walk};

/// A cached prefix. Holds nothing by itself.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Hit {
    /// The number of its tokens.
    pub(super) length: u32,
    /// For each group its whole blocks that the next token sees.
    pub(super) runs: Vec<TableRun>,
    /// For each group the block in which the prefix ends, unless it ends with a whole block. Others may write the rest of that
    /// block, so it has to be copied.
    pub(super) partial: Vec<u32>,
    /// The state after the prefix, where the model has states.
    pub(super) state: Option<u32>,
}

impl Tree {
    /// Finds the longest prefix of `tokens` that can be used, and marks it as just used.
    ///
    /// Every group must have the blocks that the next token sees through its window; a model with states needs a checkpoint at the
    /// very end.
    pub(super) fn longest(&mut self, tokens: &[u32]) -> Hit {
        let Walk { path, length } = self.walk(tokens);
        for nodes in (1..=path.len()).rev() {
            let path = &path[..nodes];
            let length = length.min(self.node(path[nodes - 1]).end());
            if self.can_resume(path, length) {
                self.touch(path);
                return self.hit(path, length);
            }
        }
        let groups = self.layout.windows.len();
        let runs = (0..groups).map(|group| TableRun { group, ..TableRun::default() }).collect();
        Hit { runs, ..Hit::default() }
    }

    /// True where the first `length` tokens of `path`, which end in its last node, have what the next token needs.
    ///
    /// Where a node lacks blocks it is the first ones, so no shorter prefix in the same node can do better.
    pub(super) fn can_resume(&self, path: &[NodeId], length: u32) -> bool {
        let Some(last) = path.last().map(|id| self.node(*id)) else { return false };
        let at_checkpoint = last.state.is_some() && length == last.end();
        let whole = |group: usize| {
            let seen = self.layout.seen(group, length);
            let mut entries = self.entries(path, group, seen.end).take_while(|(index, _)| *index >= seen.start);
            entries.all(|(_, block)| block.is_some())
        };
        let mut windowed = (0..self.layout.windows.len()).filter(|group| self.layout.windows[*group].is_some());
        (at_checkpoint || !self.stateful) && windowed.all(whole)
    }

    /// The entries of a group along `path` from the one before `end` downwards, as (index, block).
    ///
    /// Where nodes meet inside a block the deeper one's holds the tokens of both.
    fn entries(&self, path: &[NodeId], group: usize, mut end: usize) -> impl Iterator<Item = (usize, Option<u32>)> {
        path.iter().rev().flat_map(move |id| {
            let node = self.node(*id);
            let first = self.layout.index(node.start);
            let indices = first..end;
            end = end.min(first);
            indices.rev().map(move |index| (index, node.blocks[group][index - first]))
        })
    }

    fn hit(&self, path: &[NodeId], length: u32) -> Hit {
        let whole = self.layout.whole_blocks(length);
        let ends_inside = self.layout.blocks(length) > whole;
        let (mut runs, mut partial) = (Vec::new(), Vec::new());
        for group in 0..self.layout.windows.len() {
            let seen = self.layout.seen(group, length);
            let entries = self.entries(path, group, seen.end).take_while(|(index, _)| *index >= seen.start);
            let mut blocks: Vec<u32> = entries.filter_map(|(_, block)| block).collect();
            if ends_inside {
                partial.push(blocks.remove(0));
            }
            blocks.reverse();
            runs.push(TableRun { group, first: whole - blocks.len(), blocks });
        }
        let state = path.last().and_then(|id| self.node(*id).state).filter(|_| self.stateful);
        Hit { length, runs, partial, state }
    }
}
