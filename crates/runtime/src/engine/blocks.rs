//! Pools of ids, of the KV cache's blocks and of states, and the block table of a sequence.

use std::ops::Range;

use wgslm_shaders::BLOCK_TOKENS;

use super::BlockOrder;

/// The free ids of blocks, or of states.
#[derive(Debug)]
pub(super) struct IdPool {
    free: Vec<u32>,
}

impl IdPool {
    /// A pool of the ids below `count`, all free.
    pub(super) fn new(count: u32, order: BlockOrder) -> Self {
        Self { free: order.free_list(count) }
    }

    /// The number of free ids.
    #[cfg(test)]
    fn free(&self) -> usize {
        self.free.len()
    }

    /// Takes `count` ids; `None` where fewer are free.
    pub(super) fn take(&mut self, count: usize) -> Option<Vec<u32>> {
        let rest = self.free.len().checked_sub(count)?;
        Some(self.free.split_off(rest).into_iter().rev().collect())
    }

    /// Frees ids.
    pub(super) fn give_back(&mut self, ids: impl DoubleEndedIterator<Item = u32>) {
        self.free.extend(ids.rev());
    }
}

/// The block table of a sequence: for each block of its tokens a block of each group of layers.
#[derive(Debug)]
pub(super) struct BlockTable {
    /// The window of each group; 0 for none.
    windows: Vec<u32>,
    /// The blocks, by index, then by group.
    entries: Vec<u32>,
    /// The index of the first block that each group still has, or will have.
    first: Vec<usize>,
}

impl BlockTable {
    /// An empty table for groups with these windows.
    pub(super) fn new(windows: &[u32]) -> Self {
        Self { windows: windows.to_vec(), entries: Vec::new(), first: vec![0; windows.len()] }
    }

    /// Prepares for the tokens at `positions`, and returns the indices whose entries are new. Frees the blocks that have fallen
    /// out of windows, but for one: so tokens that were submitted ahead, and are dropped, leave what those before them see.
    ///
    /// `None` where too few blocks are free.
    pub(super) fn extend(&mut self, positions: Range<u32>, pool: &mut IdPool) -> Option<Range<usize>> {
        let groups = self.windows.len();
        let had = self.entries.len() / groups.max(1);
        for group in 0..groups {
            let seen = match self.windows[group] {
                0 => 0,
                window => (positions.start + 1).saturating_sub(window.saturating_add(BLOCK_TOKENS)) / BLOCK_TOKENS,
            };
            let seen = self.first[group].max(seen as usize);
            pool.give_back(self.held(group).filter(|(index, _)| *index < seen).map(|(_, block)| block));
            self.first[group] = seen;
        }
        let needed = positions.end.div_ceil(BLOCK_TOKENS) as usize;
        let new = had..needed.max(had);
        let is_held = |index: usize, group: usize| index >= self.first[group];
        let count = new.clone().map(|index| (0..groups).filter(|group| is_held(index, *group)).count()).sum();
        let mut blocks = pool.take(count)?.into_iter();
        for index in new.clone() {
            let entries = (0..groups).map(|group| if is_held(index, group) { blocks.next() } else { None });
            self.entries.extend(entries.map(Option::unwrap_or_default));
        }
        Some(new)
    }

    /// The entries of these indices.
    pub(super) fn entries(&self, indices: Range<usize>) -> &[u32] {
        let groups = self.windows.len();
        &self.entries[indices.start * groups..indices.end * groups]
    }

    /// Frees all blocks.
    pub(super) fn clear(&mut self, pool: &mut IdPool) {
        for group in 0..self.windows.len() {
            pool.give_back(self.held(group).map(|(_, block)| block));
        }
        self.entries.clear();
        self.first.fill(0);
    }

    /// The blocks of a group, with their indices.
    fn held(&self, group: usize) -> impl DoubleEndedIterator<Item = (usize, u32)> {
        let groups = self.windows.len();
        (self.first[group]..self.entries.len() / groups).map(move |index| (index, self.entries[index * groups + group]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_handed_out_once_and_come_back() {
        for order in [BlockOrder::Ascending, BlockOrder::Shuffled(3)] {
            let mut pool = IdPool::new(10, order);
            let first = pool.take(4).expect("ten are free");
            let second = pool.take(6).expect("six are left");
            assert_eq!(pool.take(1), None);
            let mut all: Vec<_> = first.iter().chain(&second).copied().collect();
            all.sort_unstable();
            assert_eq!(all, (0..10).collect::<Vec<_>>());
            pool.give_back(first.iter().copied());
            assert_eq!(pool.free(), 4);
            assert_eq!(pool.take(5), None);
            assert_eq!(pool.take(4), Some(first));
        }
        assert_eq!(IdPool::new(5, BlockOrder::Ascending).take(3), Some(vec![0, 1, 2]));
        assert_ne!(IdPool::new(50, BlockOrder::Shuffled(1)).take(50), Some((0..50).collect()));
    }

    #[test]
    fn a_block_table_holds_what_is_seen_and_frees_the_rest() {
        for (windows, step) in [(vec![0], 5), (vec![20, 0, 1], 1), (vec![33, 7], 16), (vec![16, 0], 50), (vec![], 3)] {
            let (mut pool, mut table) = (IdPool::new(200, BlockOrder::Shuffled(5)), BlockTable::new(&windows));
            for position in (0..300).step_by(step) {
                let positions = position..position + step as u32;
                let new = table.extend(positions.clone(), &mut pool).expect("blocks are free");
                assert_eq!(table.entries(new.clone()).len(), new.len() * windows.len());
                let mut all = Vec::new();
                for (group, window) in windows.iter().enumerate() {
                    let held: Vec<_> = table.held(group).collect();
                    // What the tokens of the step see, and those of up to 16 tokens before it.
                    let seen = if *window == 0 { 0 } else { (position + 1).saturating_sub(window + BLOCK_TOKENS) };
                    let expected = seen / BLOCK_TOKENS..positions.end.div_ceil(BLOCK_TOKENS);
                    assert!(held.iter().map(|(index, _)| *index as u32).eq(expected), "{windows:?} at {position}");
                    all.extend(held.iter().map(|(_, block)| *block));
                }
                assert_eq!(all.len() + pool.free(), 200);
                all.sort_unstable();
                all.dedup();
                assert_eq!(all.len() + pool.free(), 200, "a block belongs to one group");
            }
            table.clear(&mut pool);
            assert_eq!(pool.free(), 200);
        }
    }

    #[test]
    fn a_table_that_cannot_grow_stays_as_it_was() {
        let (mut pool, mut table) = (IdPool::new(5, BlockOrder::Ascending), BlockTable::new(&[0, 0]));
        assert_eq!(table.extend(0..17, &mut pool), Some(0..2));
        assert_eq!(table.extend(17..40, &mut pool), None);
        assert_eq!((table.entries(0..2), pool.free()), (&[0, 1, 2, 3][..], 1));
        assert_eq!(table.extend(17..32, &mut pool), Some(2..2));
    }

    #[test]
    fn a_table_that_begins_late_holds_nothing_out_of_the_window() {
        let (mut pool, mut table) = (IdPool::new(20, BlockOrder::Ascending), BlockTable::new(&[16, 0]));
        assert_eq!(table.extend(100..101, &mut pool), Some(0..7));
        assert_eq!((table.held(0).count(), table.held(1).count()), (3, 7));
    }
}
