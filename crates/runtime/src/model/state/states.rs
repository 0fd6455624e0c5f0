//! The states of layers that keep a fixed size of a sequence: short convolutions.

use wgslm_gpu::{Buffer, Gpu, Region};

use crate::Result;
use crate::model::ModelSpec;

/// A pool of states. A state is everything that all layers without keys and values keep of a sequence after some token.
pub(crate) struct States {
    /// The states of each layer, `[state][values]`; `None` for layers that keep none.
    layers: Vec<Option<Buffer>>,
    /// Bytes of a state in each layer that keeps one.
    sizes: Vec<u64>,
}

/// Bytes of states that are kept for later, unless options say how many.
const CHECKPOINT_BYTES: u64 = 32 << 20;

/// Limits of the number of states that are kept for later, unless options say how many.
const CHECKPOINTS: std::ops::RangeInclusive<u64> = 4..=256;

impl States {
    /// A pool of `count` states; of none where the model's layers keep none.
    ///
    /// # Errors
    /// [`wgslm_gpu::Error::TooLarge`] where a layer's states don't fit a binding.
    pub(crate) fn new(gpu: &Gpu, spec: &ModelSpec, count: u32) -> Result<Self> {
        let label = format!("{count} states of convolutions");
        let sizes = spec.layers.iter().filter_map(|layer| layer.state_values(spec.width));
        let layers = spec.layers.iter().map(|layer| {
            let values = layer.state_values(spec.width)?;
            Some(gpu.storage_buffer(&label, u64::from(count) * u64::from(values) * 4))
        });
        Ok(Self {
            sizes: sizes.map(|values| u64::from(values) * 4).collect(),
            layers: layers.map(Option::transpose).collect::<std::result::Result<_, _>>()?,
        })
    }

    /// The number of states to keep for later, where nothing else was asked for: as many as fit some MiB and, with `others`, a
    /// binding.
    pub(crate) fn default_checkpoints(spec: &ModelSpec, others: u32, max_binding: u64) -> u32 {
        let values = spec.layers.iter().filter_map(|layer| layer.state_values(spec.width)).max();
        let largest = u64::from(values.unwrap_or(0)).max(1) * 4;
        let count = (CHECKPOINT_BYTES / spec.state_bytes().max(1)).clamp(*CHECKPOINTS.start(), *CHECKPOINTS.end());
        count.min((max_binding / largest).saturating_sub(u64::from(others))) as u32
    }

    /// The states of a layer; `None` where it keeps none.
    pub(crate) fn layer(&self, index: usize) -> Option<&Buffer> {
        self.layers[index].as_ref()
    }

    /// A state in all layers, in the same order for each state.
    pub(crate) fn state(&self, state: u32) -> impl Iterator<Item = Region> {
        let region = move |(buffer, size): (&Buffer, &u64)| Region {
            buffer: buffer.clone(),
            offset: u64::from(state) * size,
            size: *size,
        };
        self.layers.iter().flatten().zip(&self.sizes).map(region)
    }

    /// Bytes of a state in each layer that keeps one.
    pub(crate) fn sizes(&self) -> &[u64] {
        &self.sizes
    }

    /// Bytes on the device.
    pub(crate) fn bytes(&self) -> u64 {
        self.layers.iter().flatten().map(Buffer::size).sum()
    }
}
