//! The KV cache on the device.

use wgslm_shaders::BLOCK_TOKENS;

use crate::Result;
use crate::gpu::{Buffer, Gpu};
use crate::model::ModelSpec;

/// The keys and values of one layer, two f16 in a word, laid out as `wgsl/shared/kv.wgsl` of the kernels has it.
pub struct KvLayer {
    /// The keys.
    pub keys: Buffer,
    /// The values.
    pub values: Buffer,
}

/// A KV cache of fixed capacity; it never grows or moves.
pub struct KvCache {
    /// The layers, in order.
    pub layers: Vec<KvLayer>,
    /// The block tables of all sequence slots, `blocks` entries each.
    pub tables: Buffer,
    /// Blocks in the cache, and the most that one sequence can have.
    pub blocks: u32,
}

impl KvCache {
    /// A cache for `tokens` tokens, rounded up to whole blocks, with a block table for each of `slots` sequences.
    ///
    /// # Errors
    /// [`crate::Error::TooLarge`] where a layer's keys don't fit a binding.
    pub fn new(gpu: &Gpu, spec: &ModelSpec, tokens: u32, slots: u32) -> Result<Self> {
        let blocks = tokens.div_ceil(BLOCK_TOKENS);
        let bytes = u64::from(blocks) * u64::from(BLOCK_TOKENS) * spec.kv_layer_bytes_per_token() / 2;
        let layer = |_| {
            let buffer = || gpu.storage_buffer(&format!("the KV cache of {tokens} tokens"), bytes);
            Ok(KvLayer { keys: buffer()?, values: buffer()? })
        };
        let layers = (0..spec.layers).map(layer).collect::<Result<_>>()?;
        let tables = gpu.storage_buffer("the block tables", u64::from(slots) * u64::from(blocks) * 4)?;
        Ok(Self { layers, tables, blocks })
    }

    /// The most tokens whose layers' keys fit one binding of `max_binding` bytes each.
    #[must_use]
    pub fn largest_capacity(spec: &ModelSpec, max_binding: u64) -> u32 {
        let tokens = max_binding / (spec.kv_layer_bytes_per_token() / 2);
        (tokens.min(u64::from(u32::MAX / 2)) as u32) / BLOCK_TOKENS * BLOCK_TOKENS
    }

    /// Bytes on the device.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.layers.iter().map(|layer| layer.keys.size() + layer.values.size()).sum::<u64>() + self.tables.size()
    }

    /// Where the block table of `slot` begins among the tables.
    #[must_use]
    pub fn table_offset(&self, slot: u32) -> u32 {
        slot * self.blocks
    }

    /// Writes `blocks` as entries from `first` of the block table of `slot`.
    pub fn write_table(&self, gpu: &Gpu, slot: u32, first: usize, blocks: &[u32]) {
        let offset = u64::from(self.table_offset(slot)) + first as u64;
        gpu.write(&self.tables, offset * 4, bytemuck::cast_slice(blocks));
    }
}
