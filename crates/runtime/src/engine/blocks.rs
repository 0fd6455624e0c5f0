//! The allocator of the KV cache's blocks.

use super::BlockOrder;

/// The free blocks of a KV cache.
#[derive(Debug)]
pub(super) struct BlockAllocator {
    free: Vec<u32>,
}

impl BlockAllocator {
    /// An allocator of `blocks` blocks, all free.
    pub(super) fn new(blocks: u32, order: BlockOrder) -> Self {
        Self { free: order.free_list(blocks) }
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
