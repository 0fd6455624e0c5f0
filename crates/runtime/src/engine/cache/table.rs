//! The block table of a sequence.

use super::layout::Layout;
use super::pool::{Holder, Pool};

/// Blocks of one group of layers, at indices without gaps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct TableRun {
    pub(super) group: usize,
    /// The index of the first block.
    pub(super) first: usize,
    pub(super) blocks: Vec<u32>,
}

/// Entries of a block table that are to be written to the device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::engine) struct TableChange {
    /// The index of the first block.
    pub(in crate::engine) first: usize,
    /// For each index from there on the blocks of all groups; 0 for one that is out of its group's window.
    pub(in crate::engine) entries: Vec<u32>,
}

/// The blocks that a sequence holds: of each group those from some index on, without gaps.
#[derive(Debug)]
pub(super) struct BlockTable {
    runs: Vec<TableRun>,
    /// The number of indices whose entries are in the device's table.
    written: usize,
}

impl BlockTable {
    /// A table that takes over the holds on the blocks of `runs`, one of each group.
    pub(super) fn new(runs: Vec<TableRun>) -> Self {
        Self { runs, written: 0 }
    }

    /// The blocks of each group.
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

    /// Releases the blocks past `length` tokens, after which the table [sees](Self::sees) what is needed.
    pub(super) fn truncate(&mut self, layout: &Layout, length: u32, pool: &mut Pool) {
        let end = layout.blocks(length);
        for run in &mut self.runs {
            let rest = run.blocks.split_off(end.saturating_sub(run.first).min(run.blocks.len()));
            pool.release_all(rest.into_iter().rev(), Holder::Sequence);
        }
        self.written = self.written.min(end);
    }

    /// Releases all blocks.
    pub(super) fn clear(self, pool: &mut Pool) {
        // In reverse, so that the next sequence takes neighbouring blocks in the same order.
        let blocks = self.runs.into_iter().rev().flat_map(|run| run.blocks.into_iter().rev());
        pool.release_all(blocks, Holder::Sequence);
    }

    /// The entries that aren't in the device's table yet, which count as written from now on.
    pub(super) fn take_changes(&mut self) -> Option<TableChange> {
        let end = self.runs.iter().map(TableRun::end).max().unwrap_or(0);
        let first = std::mem::replace(&mut self.written, end);
        let groups = 0..self.runs.len();
        let entries = (first..end).flat_map(|index| groups.clone().map(move |group| (group, index)));
        let entries: Vec<u32> = entries.map(|(group, index)| self.get(group, index).unwrap_or(0)).collect();
        (!entries.is_empty()).then_some(TableChange { first, entries })
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
        let change = |first, entries: &[u32]| Some(TableChange { first, entries: entries.to_vec() });
        assert_eq!(table.take_changes(), None);
        assert!(table.grow(&layout, 8, &mut pool));
        assert_eq!(table.take_changes(), change(0, &[0, 2, 1, 3]));
        assert_eq!(table.take_changes(), None);
        assert!(table.grow(&layout, 12, &mut pool));
        assert_eq!(table.take_changes(), change(2, &[4, 5]));
        table.truncate(&layout, 4, &mut pool);
        assert!(table.grow(&layout, 8, &mut pool));
        assert_eq!(table.take_changes(), change(1, &[3, 5]));
        // Blocks that have fallen out of a window are never read.
        assert!(table.grow(&layout, 24, &mut pool));
        table.release_unseen(&layout, 24, &mut pool);
        assert_eq!(table.take_changes(), change(2, &[1, 0, 4, 9, 6, 10, 7, 11]));
    }
}
