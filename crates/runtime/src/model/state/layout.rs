//! The layout of the KV cache: groups of layers that live alike, and their places in shared buffers.

use wgslm_shaders::{BLOCK_TOKENS, KvAddressing, KvFormat};

use crate::model::{AttentionSpec, ModelSpec};

/// The room that a KV cache has to have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KvRoom {
    /// Tokens that all sequences together keep in layers without a window.
    pub(crate) tokens: u32,
    /// Sequences that keep a window of their own at the same time.
    pub(crate) sequences: u32,
    /// The most tokens of a sequence in a step.
    pub(crate) rows: u32,
}

/// The layout of a KV cache.
///
/// Layers with the same window form groups, all with equally many layers, so that a block of any group takes the same bytes and
/// all groups take blocks from one pool. Layer i of each group lies in the i-th pair of buffers, of which a block belongs to one
/// group. Where layers don't divide evenly, or differ in the width of their keys, a part of some blocks stays unused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KvLayout {
    /// The window of each group; 0 for none.
    pub(crate) windows: Vec<u32>,
    /// Blocks in the pool.
    pub(crate) blocks: u32,
    /// Bytes of a block of keys, and of one of values, in each pair of buffers.
    pub(crate) buffers: Vec<u64>,
    /// The place of each of the model's layers, if it keeps keys and values.
    places: Vec<Option<Place>>,
    format: KvFormat,
}

/// The place of a layer's keys and values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    group: usize,
    buffer: usize,
}

/// The layers of one window: their indices, those with the largest blocks first.
struct Alike {
    window: u32,
    layers: Vec<usize>,
}

/// A layout may take this part more bytes than the smallest, for fewer groups: they make block tables shorter.
const ALLOWANCE: u64 = 32;

impl KvLayout {
    /// The smallest layout, or nearly so, whose buffers have `max_binding` bytes at most; where there is none, the one with the
    /// smallest buffers.
    pub(crate) fn new(spec: &ModelSpec, format: KvFormat, room: KvRoom, max_binding: u64) -> Self {
        let alike = alike(spec, format);
        let most = alike.iter().map(|alike| alike.layers.len()).max().unwrap_or(0);
        let all: Vec<Self> = (1..=most).map(|layers| Self::of(spec, format, room, &alike, layers)).collect();
        let fitting = || all.iter().filter(|layout| layout.fits(max_binding));
        let least = fitting().map(Self::bytes).min();
        let chosen = match least {
            Some(least) => fitting().rfind(|layout| layout.bytes() <= least + least / ALLOWANCE),
            None => all.iter().min_by_key(|layout| layout.largest_buffer()),
        };
        chosen.cloned().unwrap_or_else(|| Self::of(spec, format, room, &alike, 1))
    }

    /// The layout with `layers` layers in a group.
    fn of(spec: &ModelSpec, format: KvFormat, room: KvRoom, alike: &[Alike], layers: usize) -> Self {
        let (mut windows, mut buffers, mut places) = (Vec::new(), vec![0; layers], vec![None; spec.layers.len()]);
        for Alike { window, layers: of_window } in alike {
            // Layers of similar widths get one buffer.
            let groups = of_window.len().div_ceil(layers);
            for (rank, layer) in of_window.iter().enumerate() {
                let place = Place { group: windows.len() + rank % groups, buffer: rank / groups };
                places[*layer] = Some(place);
                let bytes = spec.layers[*layer].attention().map_or(0, |attention| block_bytes(attention, format));
                buffers[place.buffer] = bytes.max(buffers[place.buffer]);
            }
            windows.extend(std::iter::repeat_n(*window, groups));
        }
        let blocks = windows.iter().map(|window| room.blocks(*window)).sum();
        Self { windows, blocks, buffers, places, format }
    }

    /// The number of groups.
    pub(crate) fn groups(&self) -> u32 {
        self.windows.len() as u32
    }

    /// The pair of buffers of a layer's keys and values and their place in it; `None` for a layer that keeps none.
    pub(crate) fn place(&self, layer: usize) -> Option<(usize, KvAddressing)> {
        let Place { group, buffer } = self.places[layer]?;
        let chunk_bytes = u64::from(self.format.chunk_words()) * 4;
        let addressing = KvAddressing {
            block_chunks: (self.buffers[buffer] / chunk_bytes) as u32,
            table_stride: self.groups(),
            table_offset: group as u32,
        };
        Some((buffer, addressing))
    }

    /// The number of the model's layers.
    pub(crate) fn layers(&self) -> usize {
        self.places.len()
    }

    /// Bytes of all keys and values.
    pub(crate) fn bytes(&self) -> u64 {
        2 * u64::from(self.blocks) * self.buffers.iter().sum::<u64>()
    }

    /// Bytes of the largest buffer.
    fn largest_buffer(&self) -> u64 {
        u64::from(self.blocks) * self.buffers.iter().max().unwrap_or(&0)
    }

    /// True where each buffer fits a binding of `max_binding` bytes, and each of its words has an index.
    pub(crate) fn fits(&self, max_binding: u64) -> bool {
        self.largest_buffer() <= max_binding.min(u64::from(u32::MAX))
    }
}

impl KvRoom {
    /// Blocks for a group with this window: as many as all tokens take, or fewer where the windows of all sequences are smaller.
    fn blocks(self, window: u32) -> u32 {
        let all = self.tokens.div_ceil(BLOCK_TOKENS);
        if window == 0 {
            return all;
        }
        let of_window = u64::from(window_blocks(window, self.rows)) * u64::from(self.sequences);
        all.min(of_window.min(u64::from(u32::MAX)) as u32)
    }
}

/// Blocks that a sequence keeps of a group with a window, for steps of up to `rows` tokens: those of all tokens that the step
/// writes and sees, wherever in a block the first of them lies, and a block of slack (see `BlockTable`).
fn window_blocks(window: u32, rows: u32) -> u32 {
    let tokens = u64::from(window) + u64::from(rows) + u64::from(BLOCK_TOKENS);
    tokens.div_ceil(BLOCK_TOKENS.into()).min(u64::from(u32::MAX / 2)) as u32 + 1
}

/// The layers that keep keys and values, by window.
fn alike(spec: &ModelSpec, format: KvFormat) -> Vec<Alike> {
    let mut all: Vec<Alike> = Vec::new();
    for (index, layer) in spec.layers.iter().enumerate() {
        let Some(AttentionSpec { window, .. }) = layer.attention() else { continue };
        match all.iter_mut().find(|alike| alike.window == *window) {
            Some(alike) => alike.layers.push(index),
            None => all.push(Alike { window: *window, layers: vec![index] }),
        }
    }
    let bytes = |layer: &usize| spec.layers[*layer].attention().map_or(0, |attention| block_bytes(attention, format));
    for alike in &mut all {
        alike.layers.sort_by_key(|layer| std::cmp::Reverse(bytes(layer)));
    }
    all
}

/// Bytes of the keys, or of the values, of a layer in a block.
pub(crate) fn block_bytes(attention: &AttentionSpec, format: KvFormat) -> u64 {
    let chunks = u64::from(attention.kv_heads) * u64::from(format.head_chunks(attention.head_width / 2));
    chunks * u64::from(format.chunk_words()) * 4
}

#[cfg(test)]
pub(super) mod tests;
