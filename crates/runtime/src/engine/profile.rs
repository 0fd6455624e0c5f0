//! The time of each kernel in a step, and the bytes that a step reads.

use wgslm_gpu::{BoundBuffer, DispatchTime};
use wgslm_shaders::Kernel;

use super::schedule::{FEW_ROWS, Kind};
use super::{Aside, Engine, GenerateOptions, Sampling};
use crate::{Error, Result};

impl Engine {
    /// The most requests that run at a time.
    #[must_use]
    pub fn slots(&self) -> u32 {
        self.inner.slots
    }

    /// The most tokens of a prompt that go through the model in one step.
    #[must_use]
    pub fn prefill_tokens(&self) -> u32 {
        self.inner.prefill_tokens
    }

    /// Bytes of weights on the device.
    #[must_use]
    pub fn weight_bytes(&self) -> u64 {
        self.inner.model.weights.bytes()
    }

    /// Bytes of KV cache on the device, and of the states of layers that keep a fixed size of a sequence.
    #[must_use]
    pub fn kv_bytes(&self) -> u64 {
        self.inner.kv.bytes() + self.inner.states.bytes()
    }

    /// Bytes read to decode one token with `depth` tokens in the KV cache: every matrix but an embedding table that isn't the
    /// output head as well, and the keys and values or states.
    #[doc(hidden)]
    #[must_use]
    pub fn decode_bytes(&self, depth: u32) -> u64 {
        let spec = &self.inner.model.spec;
        self.inner.model.weights.decode_bytes(spec) + spec.kv_bytes(depth, self.inner.kv.format) + spec.state_bytes()
    }

    /// Times each dispatch of a step of `tokens` tokens (at most [`Self::prefill_tokens`]; 1 for decode) after `depth` others,
    /// including sampling with `options`: see [`wgslm_gpu::Program::profile`]. Corrupts the tokens of any generation under way.
    ///
    /// # Errors
    /// [`Error::InvalidOption`], [`NoTimestamps`](wgslm_gpu::Error::NoTimestamps), [`Error::PromptTooLong`], [`Error::Busy`],
    /// [`Error::KvCacheFull`], or what the device reports.
    pub async fn profile(
        &self,
        depth: u32,
        tokens: u32,
        options: &GenerateOptions,
        repeats: u32,
    ) -> Result<Vec<TimedKernel>> {
        let inner = &self.inner;
        options.check(inner.model.spec.vocabulary)?;
        let tokens = tokens.clamp(1, self.prefill_tokens());
        let (all, capacity) = (depth as usize + tokens as usize, inner.context_length as usize);
        if all > capacity {
            return Err(Error::PromptTooLong { tokens: all, capacity });
        }
        let mut aside = Aside::open(inner, inner.wanted.rounds())?;
        let vocabulary = inner.model.spec.vocabulary;
        let ids: Vec<u32> = (0..tokens).map(|token| token.wrapping_mul(2_654_435_761) % vocabulary).collect();
        let (programs, counts) = {
            let mut state = inner.lock();
            aside.skip(&mut state, depth)?;
            aside.set_tokens(&mut state, &ids)?;
            state.batch.set_outputs(&[Sampling::new(options).output(tokens - 1, aside.slot(), depth + tokens)]);
            inner.write_batch(&state.batch);
            let kind = if tokens <= FEW_ROWS { Kind::Few } else { Kind::Bulk };
            inner.programs_of(&state.batch, kind, inner.wanted.rounds())
        };
        let mut times = Vec::new();
        for program in programs {
            let measured = program.profile(inner.device.gpu(), counts, repeats).await?;
            times.extend(measured.into_iter().map(TimedKernel::of));
        }
        Ok(times)
    }
}

/// The time that one kernel of a step takes.
#[derive(Clone, Debug, PartialEq)]
pub struct TimedKernel {
    /// The kernel and its variant.
    pub kernel: String,
    /// The tensors that the kernel reads or, if it reads none, the buffers that it writes.
    pub label: String,
    /// The dispatch's workgroups.
    pub grid: [u32; 3],
    /// Bytes of weights that the kernel reads; `None` where it reads none or only a part of a tensor.
    pub weight_bytes: Option<u64>,
    /// Nanoseconds when the step's dispatches run in order: see [`DispatchTime::in_order_ns`].
    pub in_order_ns: f64,
    /// Nanoseconds when the dispatch is repeated: see [`DispatchTime::repeated_ns`].
    pub repeated_ns: f64,
}

impl TimedKernel {
    fn of(time: DispatchTime) -> Self {
        let DispatchTime { variant, reads, writes, grid, in_order_ns, repeated_ns } = time;
        let weights: Vec<&BoundBuffer> = reads.iter().filter(|buffer| is_weight(&buffer.label)).collect();
        let label = if weights.is_empty() { distinct(writes.iter()) } else { distinct(weights.iter().copied()) };
        // Of the embedding table only the tokens' rows are read.
        let whole = !weights.is_empty() && variant.kernel() != Kernel::Embed;
        let weight_bytes = whole.then(|| weights.iter().map(|buffer| buffer.bytes).sum());
        Self { kernel: variant.name(), label, grid, weight_bytes, in_order_ns, repeated_ns }
    }
}

/// True for the name of a tensor in GGUF, which labels the buffer of a weight.
fn is_weight(label: &str) -> bool {
    label.ends_with(".weight") || label.ends_with(".bias")
}

fn distinct<'a>(buffers: impl Iterator<Item = &'a BoundBuffer>) -> String {
    let mut all: Vec<&str> = Vec::new();
    for BoundBuffer { label, .. } in buffers {
        if !all.contains(&label.as_str()) {
            all.push(label);
        }
    }
    all.join(" + ")
}
