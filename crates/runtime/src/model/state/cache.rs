//! The KV cache: the keys and values of earlier tokens, in blocks on the device.

use wgslm_gpu::{Buffer, Gpu};
use wgslm_shaders::{BLOCK_TOKENS, KvFormat};

use crate::Result;
use crate::model::{LayerSpec, ModelSpec};

/// The cache of one layer, in blocks that its block tables point to.
pub(crate) struct KvLayer {
    /// The keys, in the layout of `kv.wgsl`; of a convolution, its inputs in f32.
    pub(crate) keys: Buffer,
    /// The values, in the same layout as the keys; of a convolution, unused.
    pub(crate) values: Buffer,
    /// The block tables of all sequence slots, [`KvCache::blocks`] entries each.
    pub(crate) tables: Buffer,
}

/// A KV cache of fixed capacity; it never grows or moves.
///
/// Layers without a window share block tables, whose blocks are allocated as sequences grow. Layers with a window keep only the
/// tokens within it: each slot has a ring of blocks of its own, which its block table repeats, so that a block is overwritten
/// once no later token sees its contents.
pub(crate) struct KvCache {
    /// The layers, in order.
    pub(crate) layers: Vec<KvLayer>,
    /// The block tables of the layers without a window.
    tables: Buffer,
    /// Blocks in the cache, and the most that one sequence can have.
    pub(crate) blocks: u32,
    /// The format of keys and values.
    pub(crate) format: KvFormat,
}

/// The number of sequences, and the most tokens of one in a step.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slots {
    /// Slots for sequences.
    pub(crate) count: u32,
    /// The most tokens of a sequence in a step.
    pub(crate) rows: u32,
}

impl KvCache {
    /// A cache for `tokens` tokens, rounded up to whole blocks, with a block table for each of the slots.
    ///
    /// # Errors
    /// [`wgslm_gpu::Error::TooLarge`] where a layer's keys don't fit a binding.
    pub(crate) fn new(gpu: &Gpu, spec: &ModelSpec, format: KvFormat, tokens: u32, slots: Slots) -> Result<Self> {
        let blocks = tokens.div_ceil(BLOCK_TOKENS);
        let table_bytes = u64::from(slots.count) * u64::from(blocks) * 4;
        let tables = gpu.storage_buffer("the block tables", table_bytes)?;
        let windows = spec.layers.iter().map(LayerSpec::window).filter(|window| *window > 0);
        let ring = windows.max().map_or(blocks, |window| ring_blocks(window, slots.rows));
        let keeps_windows = ring < blocks.div_ceil(slots.count);
        let ring_tables = if keeps_windows {
            let ring_tables = gpu.storage_buffer("the block tables of windows", table_bytes)?;
            let entries: Vec<u32> =
                (0..slots.count).flat_map(|slot| (0..blocks).map(move |i| slot * ring + i % ring)).collect();
            gpu.write(&ring_tables, 0, bytemuck::cast_slice(&entries));
            ring_tables
        } else {
            tables.clone()
        };
        let layer = |layer: &LayerSpec| {
            let in_ring = keeps_windows && layer.window() > 0;
            let blocks = if in_ring { ring * slots.count } else { blocks };
            let (keys, values) = layer.bytes_per_token(spec.width, format);
            let buffer = |bytes: u64| {
                let label = format!("the KV cache of {tokens} tokens");
                gpu.storage_buffer(&label, (u64::from(blocks) * u64::from(BLOCK_TOKENS) * bytes).max(4))
            };
            let tables = if in_ring { ring_tables.clone() } else { tables.clone() };
            Ok(KvLayer { keys: buffer(keys)?, values: buffer(values)?, tables })
        };
        let layers = spec.layers.iter().map(layer).collect::<Result<_>>()?;
        Ok(Self { layers, tables, blocks, format })
    }

    /// The most tokens with which each layer's keys fit one binding of `max_binding` bytes.
    #[must_use]
    pub(crate) fn largest_capacity(spec: &ModelSpec, format: KvFormat, max_binding: u64) -> u32 {
        let of_layer = |layer: &LayerSpec| layer.bytes_per_token(spec.width, format).0;
        let bytes = spec.layers.iter().map(of_layer).max().unwrap_or(1);
        let tokens = max_binding / bytes;
        (tokens.min(u64::from(u32::MAX / 2)) as u32) / BLOCK_TOKENS * BLOCK_TOKENS
    }

    /// Bytes on the device.
    #[must_use]
    pub(crate) fn bytes(&self) -> u64 {
        self.layers.iter().map(|layer| layer.keys.size() + layer.values.size()).sum::<u64>() + self.tables.size()
    }

    /// The entry at which the block table of `slot` begins in the buffer of all tables.
    #[must_use]
    pub(crate) fn table_offset(&self, slot: u32) -> u32 {
        slot * self.blocks
    }

    /// Writes `blocks` to the block table of `slot`, from entry `first` on.
    pub(crate) fn write_table(&self, gpu: &Gpu, slot: u32, first: usize, blocks: &[u32]) {
        let offset = u64::from(self.table_offset(slot)) + first as u64;
        gpu.write(&self.tables, offset * 4, bytemuck::cast_slice(blocks));
    }
}

/// Blocks in a ring that holds all tokens which `rows` new ones see through a window, themselves included, wherever in a block
/// the first new one lies.
fn ring_blocks(window: u32, rows: u32) -> u32 {
    (u64::from(window) + u64::from(rows)).div_ceil(BLOCK_TOKENS.into()).min(u64::from(u32::MAX / 2)) as u32 + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ring_holds_what_any_step_sees() {
        for (window, rows) in [(1, 1), (2, 1), (16, 1), (17, 16), (512, 512), (3, 64), (33, 7)] {
            let tokens = ring_blocks(window, rows) * BLOCK_TOKENS;
            for first in 0..3 * tokens {
                // The oldest token that is seen, and the newest that is written before it is read.
                let (oldest, newest) = (first.saturating_sub(window - 1), first + rows - 1);
                let overwrites = newest / BLOCK_TOKENS - oldest / BLOCK_TOKENS >= tokens / BLOCK_TOKENS;
                assert!(!overwrites, "a window of {window}, {rows} rows from {first}");
            }
        }
    }
}
