//! The block table of a sequence.

use super::layout::Layout;
use super::pool::{Holder, Pool};

/// Neighbouring entries of one group's block table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::engine) struct TableRun {
    /// The group of layers.
    pub(in crate::engine) group: usize,
    /// The index of the first entry.
    pub(in crate::engine) first: usize,
    /// The blocks of the entries.
    pub(in crate::engine) blocks: Vec<u32>,
}

/// The blocks that a sequence holds: of each group those from some index on, without gaps.
#[derive(Debug)]
pub(super) struct BlockTable {
    runs: Vec<TableRun>,
    /// The entries of each group before this one are in the device's table.
    written: Vec<usize>,
}

impl BlockTable {
    /// A table that takes over the holds on the blocks of `runs`, one of each group.
    pub(super) fn new(runs: Vec<TableRun>) -> Self {
        let written = vec![0; runs.len()];
        Self { runs, written }
    }

    /// The entries of all groups.
    pub(super) fn runs(&self) -> &[TableRun] {
        &self.runs
    }

    /// The block of a group at `index`, if the table holds it.
    pub(super) fn get(&self, group: usize, index: usize) -> Option<u32> {
        let run = &self.runs[group];
        run.blocks.get(index.checked_sub(run.first)?).copied()
    }

    /// The number of blocks to take so that the table has room for `length` tokens.
    pub(super) fn missing(&self, layout: &Layout, length: u32) -> usize {
        self.runs.iter().map(|run| layout.blocks(length).saturating_sub(run.end())).sum()
    }

    /// Takes blocks for `length` tokens; false, with nothing taken, where too few are free.
    pub(super) fn grow(&mut self, layout: &Layout, length: u32, pool: &mut Pool) -> bool {
        if pool.free() < self.missing(layout, length) {
            return false;
        }
        for run in &mut self.runs {
            let more = layout.blocks(length).saturating_sub(run.end());
            run.blocks.extend((0..more).map_while(|_| pool.take()));
        }
        true
    }

    /// Releases the blocks that have fallen out of their group's window after `length` tokens.
    pub(super) fn release_unseen(&mut self, layout: &Layout, length: u32, pool: &mut Pool) {
        for run in &mut self.runs {
            let unseen = layout.first_kept(run.group, length).saturating_sub(run.first).min(run.blocks.len());
            pool.release_all(run.blocks.drain(..unseen), Holder::Sequence);
            run.first += unseen;
        }
    }

    /// True where the table still has every block that the token after `length` others sees.
    pub(super) fn sees(&self, layout: &Layout, length: u32) -> bool {
        self.runs.iter().all(|run| {
            let seen = layout.seen(run.group, length);
            run.first <= seen.start && seen.end <= run.end()
        })
    }

    /// Releases the blocks past `length` tokens.
    pub(super) fn truncate(&mut self, layout: &Layout, length: u32, pool: &mut Pool) {
        let end = layout.blocks(length);
        for (run, written) in self.runs.iter_mut().zip(&mut self.written) {
            let rest = run.blocks.split_off(end.saturating_sub(run.first).min(run.blocks.len()));
            pool.release_all(rest.into_iter().rev(), Holder::Sequence);
            run.first = run.first.min(end);
            *written = (*written).min(end);
        }
    }

    /// Releases all blocks.
    pub(super) fn clear(self, pool: &mut Pool) {
        // In reverse, so that the next sequence takes neighbouring blocks in the same order.
        let blocks = self.runs.into_iter().rev().flat_map(|run| run.blocks.into_iter().rev());
        pool.release_all(blocks, Holder::Sequence);
    }

    /// The entries that aren't in the device's table yet, which count as written from now on.
    pub(super) fn take_changes(&mut self) -> Vec<TableRun> {
        let mut changes = Vec::new();
        for (run, written) in self.runs.iter().zip(&mut self.written) {
            let first = run.first.max(*written);
            *written = run.end();
            if first < run.end() {
                changes.push(TableRun { group: run.group, first, blocks: run.blocks[first - run.first..].to_vec() });
            }
        }
        changes
    }
}

impl TableRun {
    /// The index after the last entry.
    pub(super) fn end(&self) -> usize {
        self.first + self.blocks.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::cache::pool::BlockOrder;

    fn layout() -> Layout {
        Layout { block_tokens: 4, windows: vec![None, Some(6)] }
    }

    fn empty() -> BlockTable {
        BlockTable::new((0..2).map(|group| TableRun { group, ..TableRun::default() }).collect())
    }

    fn run(group: usize, first: usize, blocks: &[u32]) -> TableRun {
        TableRun { group, first, blocks: blocks.to_vec() }
    }

    #[test]
    fn a_table_grows_by_whole_blocks_or_not_at_all() {
        let (layout, mut pool, mut table) = (layout(), Pool::new(5, BlockOrder::Ascending), empty());
        assert!(table.grow(&layout, 5, &mut pool));
        assert_eq!(table.runs(), [run(0, 0, &[0, 1]), run(1, 0, &[2, 3])]);
        assert!(table.grow(&layout, 8, &mut pool));
        assert_eq!(pool.free(), 1);
        assert_eq!(table.missing(&layout, 9), 2);
        assert!(!table.grow(&layout, 9, &mut pool));
        assert_eq!(pool.free(), 1);
        assert_eq!((table.get(0, 1), table.get(1, 2)), (Some(1), None));
        table.clear(&mut pool);
        assert_eq!((pool.free(), pool.take()), (5, Some(0)));
    }

    #[test]
    fn what_falls_out_of_a_window_is_released_but_for_one_block() {
        let (layout, mut pool, mut table) = (layout(), Pool::new(12, BlockOrder::Ascending), empty());
        assert!(table.grow(&layout, 24, &mut pool));
        // The token at position 17 sees 12 to 17, which begin in block 3.
        table.release_unseen(&layout, 17, &mut pool);
        assert_eq!(table.runs(), [run(0, 0, &[0, 1, 2, 3, 4, 5]), run(1, 2, &[8, 9, 10, 11])]);
        assert_eq!((table.get(1, 1), table.get(1, 2), pool.free()), (None, Some(8), 2));
        assert!(table.sees(&layout, 13) && !table.sees(&layout, 12));
        table.release_unseen(&layout, 17, &mut pool);
        assert_eq!(pool.free(), 2);
    }

    #[test]
    fn truncation_releases_whole_blocks() {
        let (layout, mut pool, mut table) = (layout(), Pool::new(12, BlockOrder::Ascending), empty());
        assert!(table.grow(&layout, 24, &mut pool));
        table.truncate(&layout, 21, &mut pool);
        assert_eq!(pool.free(), 0);
        table.truncate(&layout, 20, &mut pool);
        assert_eq!(pool.free(), 2);
        table.truncate(&layout, 3, &mut pool);
        assert_eq!(table.runs(), [run(0, 0, &[0]), run(1, 0, &[6])]);
    }

    #[test]
    fn only_new_entries_are_written_to_the_device() {
        let (layout, mut pool, mut table) = (layout(), Pool::new(20, BlockOrder::Ascending), empty());
        assert!(table.grow(&layout, 8, &mut pool));
        assert_eq!(table.take_changes(), [run(0, 0, &[0, 1]), run(1, 0, &[2, 3])]);
        assert_eq!(table.take_changes(), []);
        assert!(table.grow(&layout, 12, &mut pool));
        assert_eq!(table.take_changes(), [run(0, 2, &[4]), run(1, 2, &[5])]);
        table.truncate(&layout, 4, &mut pool);
        assert_eq!(table.take_changes(), []);
        assert!(table.grow(&layout, 8, &mut pool));
        assert_eq!(table.take_changes(), [run(0, 1, &[3]), run(1, 1, &[5])]);
        // Those that have fallen out of the window before are never read.
        assert!(table.grow(&layout, 24, &mut pool));
        table.release_unseen(&layout, 24, &mut pool);
        assert_eq!(table.take_changes(), [run(0, 2, &[1, 4, 6, 7]), run(1, 3, &[9, 10, 11])]);
    }
}
