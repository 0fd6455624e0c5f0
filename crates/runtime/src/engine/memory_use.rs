//! The memory in use, in blocks and in bytes.

use super::cache::Statistics;

/// The memory for sequences: its blocks, its checkpoints and its slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryUse {
    /// Blocks of the KV cache that nobody holds.
    pub free_blocks: usize,
    /// Blocks that only the prefix cache holds, and gives up when they are needed.
    pub cached_blocks: usize,
    /// Blocks that running requests hold.
    pub held_blocks: usize,
    /// Blocks that the prefix cache has given up so far.
    pub evicted_blocks: u64,
    /// States that the prefix cache keeps, of models whose layers have any.
    pub checkpoints: usize,
    /// Slots that no request has.
    pub free_slots: usize,
}

impl MemoryUse {
    pub(super) fn of(statistics: &Statistics) -> Self {
        let Statistics { free_blocks, cached_blocks, held_blocks, evicted_blocks, checkpoints, free_slots, .. } =
            *statistics;
        Self { free_blocks, cached_blocks, held_blocks, evicted_blocks, checkpoints, free_slots }
    }
}

/// Bytes of host memory that the process takes; 0 where that isn't known.
#[cfg(not(target_arch = "wasm32"))]
pub(super) fn host_bytes() -> u64 {
    // Linux tells the pages in memory as the second number; a page of another size than this is rare.
    const PAGE: u64 = 4096;
    let pages = std::fs::read_to_string("/proc/self/statm").ok();
    pages.and_then(|pages| pages.split_whitespace().nth(1)?.parse::<u64>().ok()).unwrap_or(0) * PAGE
}

/// Bytes of the module's memory.
#[cfg(target_arch = "wasm32")]
pub(super) fn host_bytes() -> u64 {
    const PAGE: u64 = 64 << 10;
    core::arch::wasm32::memory_size::<0>() as u64 * PAGE
}
