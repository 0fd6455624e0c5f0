//! The sizes of the memory, and its answers to the driver.

use super::pool::BlockOrder;

/// The sizes of a memory.
#[derive(Clone, Debug)]
pub(in crate::engine) struct Config {
    /// Blocks for all groups together.
    pub(in crate::engine) blocks: u32,
    /// The window of each group of layers, if it has one.
    pub(in crate::engine) groups: Vec<Option<u32>>,
    /// Tokens in a block.
    pub(in crate::engine) block_tokens: u32,
    /// The states, of a model that has any.
    pub(in crate::engine) states: Option<States>,
    /// Sequences that can be open at a time.
    pub(in crate::engine) slots: u32,
    /// The order in which blocks are taken.
    pub(in crate::engine) order: BlockOrder,
    /// Prefixes are cached.
    pub(in crate::engine) prefix_cache: bool,
}

impl Config {
    /// The number of states that the device has to have room for.
    pub(in crate::engine) fn state_count(&self) -> u32 {
        self.states.map_or(0, |states| self.slots * states.recent.max(2) + states.checkpoints)
    }
}

/// Numbers of states.
#[derive(Clone, Copy, Debug)]
pub(in crate::engine) struct States {
    /// States after the newest steps that each sequence keeps, at least two.
    ///
    /// With more than the steps that run ahead of their readback, the state at the end of an answer is still there when the end is
    /// noticed.
    pub(in crate::engine) recent: u32,
    /// States for checkpoints, of all sequences and of the prefix cache together.
    pub(in crate::engine) checkpoints: u32,
}

/// A sequence that was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::engine) struct Opened {
    /// Its slot.
    pub(in crate::engine) slot: u32,
    /// The number of tokens that it has already.
    pub(in crate::engine) cached: u32,
    /// The number of tokens that its prompt has in common with others, though the prefix may have lost its windows, or never had a
    /// checkpoint there. More may come that begin so: it pays to take a checkpoint after these tokens, and to cache them.
    pub(in crate::engine) known: u32,
    /// Copies to make on the device before the copies of the next sequence and before any later step, which may overwrite what is
    /// copied.
    pub(in crate::engine) copies: Vec<BlockCopy>,
}

/// A copy of one block's keys and values to another block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) struct BlockCopy {
    /// The block with the contents.
    pub(in crate::engine) from: u32,
    /// The block that receives them.
    pub(in crate::engine) to: u32,
}

/// The states of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) struct StateStep {
    /// The state to start from; `None` is one of zeros.
    pub(in crate::engine) from: Option<u32>,
    /// The state to write, never the one to start from.
    pub(in crate::engine) to: u32,
}

/// Counts of the prefix cache and of blocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::engine) struct Statistics {
    /// Sequences that started with a cached prefix.
    pub(in crate::engine) hits: u64,
    /// Sequences that started without one.
    pub(in crate::engine) misses: u64,
    /// Tokens in all cached prefixes that sequences started with.
    pub(in crate::engine) saved_tokens: u64,
    /// Blocks that were evicted.
    pub(in crate::engine) evicted_blocks: u64,
    /// Blocks that nobody holds.
    pub(in crate::engine) free_blocks: usize,
    /// Blocks that the prefix cache holds alone, and that can be evicted.
    pub(in crate::engine) cached_blocks: usize,
    /// Blocks that open sequences hold.
    pub(in crate::engine) held_blocks: usize,
    /// Checkpoints in the prefix cache.
    pub(in crate::engine) checkpoints: usize,
    /// Slots that no sequence has.
    pub(in crate::engine) free_slots: usize,
}
