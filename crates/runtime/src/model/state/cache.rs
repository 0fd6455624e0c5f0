//! The KV cache: the keys and values of earlier tokens, in blocks on the device.

use wgslm_gpu::{AsGiven, Buffer, Gpu, Program, ProgramBuilder, Region};
use wgslm_shaders::{BLOCK_TOKENS, CopyBlocks, Extent, KvAddressing, KvFormat, StateVariant};

use super::KvLayout;
use crate::Result;

/// The keys and values of one layer.
pub(crate) struct KvLayer {
    /// The buffer of the keys, in the layout of `kv.wgsl`.
    pub(crate) keys: Buffer,
    /// The buffer of the values.
    pub(crate) values: Buffer,
    /// The layer's place in both.
    pub(crate) addressing: KvAddressing,
}

/// The block tables: their number, and the most tokens of a sequence.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tables {
    pub(crate) slots: u32,
    pub(crate) tokens: u32,
}

/// A KV cache of fixed capacity; it never grows or moves. See [`KvLayout`].
pub(crate) struct KvCache {
    /// The layers, in order; `None` for those that keep no keys and values.
    layers: Vec<Option<KvLayer>>,
    /// The block tables of all slots, each with an entry for each group of each block of tokens:
    /// `tables[table + position / BLOCK_TOKENS * groups + group]`.
    pub(crate) tables: Buffer,
    /// Entries in the block table of a slot.
    table_entries: u32,
    pub(crate) layout: KvLayout,
    /// The format of keys and values.
    pub(crate) format: KvFormat,
    buffers: Vec<[Buffer; 2]>,
    /// The blocks to copy, as (from, to).
    copies: Buffer,
    copy: Program<AsGiven>,
}

/// Blocks copied in one run of the program.
const MOST_COPIES: usize = 64;

impl KvCache {
    /// A cache in this layout, with a block table for each slot.
    ///
    /// # Errors
    /// [`wgslm_gpu::Error::TooLarge`] where a buffer doesn't fit a binding.
    pub(crate) fn new(gpu: &Gpu, layout: KvLayout, format: KvFormat, tables: Tables) -> Result<Self> {
        // Sequences are told apart by their tables, so a table has a place even where it has no use.
        let table_entries = (tables.tokens.div_ceil(BLOCK_TOKENS) * layout.groups()).max(1);
        let table_bytes = u64::from(tables.slots) * u64::from(table_entries) * 4;
        let tables = gpu.storage_buffer("the block tables", table_bytes)?;
        let copies = gpu.storage_buffer("the blocks to copy", (MOST_COPIES * size_of::<[u32; 2]>()) as u64)?;
        let label = format!("the KV cache of {} blocks of {BLOCK_TOKENS} tokens", layout.blocks);
        let buffer = |bytes: u64| gpu.storage_buffer(&label, u64::from(layout.blocks) * bytes);
        let buffers = layout.buffers.iter().map(|bytes| Ok([buffer(*bytes)?, buffer(*bytes)?]));
        let buffers = buffers.collect::<Result<Vec<_>>>()?;
        let layer = |index: usize| {
            let (buffer, addressing) = layout.place(index)?;
            let [keys, values] = buffers[buffer].clone();
            Some(KvLayer { keys, values, addressing })
        };
        let layers = (0..layout.layers()).map(layer).collect();
        let mut copy = ProgramBuilder::default();
        for ([keys, values], bytes) in buffers.iter().zip(&layout.buffers) {
            let params = CopyBlocks { quads: (bytes / 16) as u32 };
            let resources = [("copies", &copies), ("k_cache", keys), ("v_cache", values)];
            copy.dispatch(params, StateVariant::CopyBlocks, AsGiven, &resources);
        }
        let copy = copy.build(gpu);
        Ok(Self { layers, tables, table_entries, layout, format, buffers, copies, copy })
    }

    /// The keys and values of a layer; `None` where it keeps none.
    pub(crate) fn layer(&self, index: usize) -> Option<&KvLayer> {
        self.layers[index].as_ref()
    }

    /// Bytes on the device.
    #[must_use]
    pub(crate) fn bytes(&self) -> u64 {
        self.buffers.iter().flatten().map(Buffer::size).sum::<u64>() + self.tables.size()
    }

    /// The entry at which the block table of `slot` begins in the buffer of all tables.
    #[must_use]
    pub(crate) fn table_offset(&self, slot: u32) -> u32 {
        slot * self.table_entries
    }

    /// Writes `entries` to the block table of `slot`, from block index `first` on: for each index those of all groups.
    pub(crate) fn write_table(&self, gpu: &Gpu, slot: u32, first: usize, entries: &[u32]) {
        let offset = u64::from(self.table_offset(slot)) + first as u64 * u64::from(self.layout.groups());
        gpu.write(&self.tables, offset * 4, bytemuck::cast_slice(entries));
    }

    /// The keys and values of a block in all buffers, in the same order for each block.
    pub(crate) fn block(&self, block: u32) -> impl Iterator<Item = Region> {
        let regions = move |([keys, values], size): (&[Buffer; 2], &u64)| {
            let (offset, size) = (u64::from(block) * size, *size);
            [keys, values].map(|buffer| Region { buffer: buffer.clone(), offset, size })
        };
        self.buffers.iter().zip(&self.layout.buffers).flat_map(regions)
    }

    /// Copies the contents of blocks, given as (from, to), after all steps submitted so far and before those submitted later. No
    /// block may be in both places, or twice in the second.
    ///
    /// A kernel copies, because WebGPU refuses to copy from a buffer to itself, and copying by way of another buffer would take
    /// twice the bytes, and a command for each block where this takes a dispatch for all.
    pub(crate) fn copy_blocks(&self, gpu: &Gpu, copies: &[[u32; 2]]) {
        for copies in copies.chunks(MOST_COPIES) {
            gpu.write(&self.copies, 0, bytemuck::cast_slice(copies));
            gpu.run([(&self.copy, Extent { count: copies.len() as u32, context: 0 })]);
        }
    }

    /// The program that copies blocks, so that its pipeline is used before the first request.
    pub(crate) fn touch(&self, gpu: &Gpu) {
        gpu.touch([&self.copy]);
    }
}

#[cfg(test)]
mod tests;
