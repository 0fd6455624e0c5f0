//! The allocator of the KV cache's blocks.

/// The order in which free blocks are allocated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BlockOrder {
    /// By ascending index.
    #[default]
    Ascending,
    /// Shuffled by a seed, to test that nothing relies on neighbouring blocks.
    Shuffled(u64),
}

/// The free blocks of a KV cache.
#[derive(Debug)]
pub(super) struct BlockAllocator {
    free: Vec<u32>,
}

impl BlockAllocator {
    /// An allocator of `blocks` blocks, all free.
    pub(super) fn new(blocks: u32, order: BlockOrder) -> Self {
        // The last block is allocated first.
        let mut free: Vec<u32> = (0..blocks).rev().collect();
        if let BlockOrder::Shuffled(seed) = order {
            let mut state = seed;
            for end in (1..free.len()).rev() {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                free.swap(end, (state >> 33) as usize % (end + 1));
            }
        }
        Self { free }
    }

    /// The number of free blocks.
    #[cfg(test)]
    fn free(&self) -> usize {
        self.free.len()
    }

    /// Allocates `count` blocks; `None` where fewer are free.
    pub(super) fn take(&mut self, count: usize) -> Option<Vec<u32>> {
        let rest = self.free.len().checked_sub(count)?;
        Some(self.free.split_off(rest).into_iter().rev().collect())
    }

    /// Frees blocks.
    pub(super) fn give_back(&mut self, blocks: impl DoubleEndedIterator<Item = u32>) {
        self.free.extend(blocks.rev());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_handed_out_once_and_come_back() {
        for order in [BlockOrder::Ascending, BlockOrder::Shuffled(3)] {
            let mut allocator = BlockAllocator::new(10, order);
            let first = allocator.take(4).expect("ten are free");
            let second = allocator.take(6).expect("six are left");
            assert_eq!(allocator.take(1), None);
            let mut all: Vec<_> = first.iter().chain(&second).copied().collect();
            all.sort_unstable();
            assert_eq!(all, (0..10).collect::<Vec<_>>());
            allocator.give_back(first.iter().copied());
            assert_eq!(allocator.free(), 4);
            assert_eq!(allocator.take(5), None);
            assert_eq!(allocator.take(4), Some(first));
        }
        assert_eq!(BlockAllocator::new(5, BlockOrder::Ascending).take(3), Some(vec![0, 1, 2]));
        assert_ne!(BlockAllocator::new(50, BlockOrder::Shuffled(1)).take(50), Some((0..50).collect()));
    }
}
