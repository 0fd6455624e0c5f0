//! Where the time of a step goes, and what it reads.

use super::sequence::Sequence;
use super::{Engine, GenerateOptions, SLOTS};
use crate::gpu::DispatchTime;
use crate::{Error, Result};

impl Engine {
    /// The most generations that can be under way at a time.
    #[must_use]
    pub fn slots(&self) -> u32 {
        SLOTS
    }

    /// The most tokens of a prompt that go through the model in one step.
    #[must_use]
    pub fn prefill_rows(&self) -> u32 {
        self.inner.activations.row_capacity
    }

    /// Bytes of weights on the device.
    #[must_use]
    pub fn weight_bytes(&self) -> u64 {
        self.inner.model.weights.bytes()
    }

    /// Bytes of KV cache on the device.
    #[must_use]
    pub fn kv_bytes(&self) -> u64 {
        self.inner.kv.bytes()
    }

    /// Bytes that decoding one token reads with `depth` tokens in the KV cache: every matrix but an embedding table that isn't
    /// the head as well, and the keys and values.
    #[must_use]
    pub fn decode_bytes(&self, depth: u32) -> u64 {
        let spec = &self.inner.model.spec;
        self.inner.model.weights.decode_bytes(spec) + spec.kv_bytes(depth, self.inner.kv.format)
    }

    /// Times each dispatch of a step of `tokens` tokens (at most [`Self::prefill_rows`]; 1 for decoding) after `depth` others,
    /// the choice of the next token as `options` have it included: see [`crate::gpu::Program::profile`]. No generation may be under way, or its
    /// tokens go wrong.
    ///
    /// # Errors
    /// [`Error::InvalidOption`], [`Error::NoTimestamps`], [`Error::PromptTooLong`], [`Error::KvCacheFull`], or what the device reports.
    pub async fn profile(
        &self,
        depth: u32,
        tokens: u32,
        options: &GenerateOptions,
        repeats: u32,
    ) -> Result<Vec<DispatchTime>> {
        options.check()?;
        let inner = &self.inner;
        let tokens = tokens.clamp(1, self.prefill_rows());
        let (all, capacity) = (depth as usize + tokens as usize, inner.context_length as usize);
        if all > capacity {
            return Err(Error::PromptTooLong { tokens: all, capacity });
        }
        let mut sequence = Sequence::open(inner)?;
        let vocabulary = inner.model.spec.vocabulary;
        let ids: Vec<u32> = (0..tokens).map(|token| token.wrapping_mul(2_654_435_761) % vocabulary).collect();
        let wanted = inner.wanted;
        let quantise = tokens == 1 || wanted.encode_prompt(tokens as usize, inner.gpu.capabilities());
        let (programs, counts) = {
            let mut state = inner.state();
            sequence.set_step_at(&mut state, depth, &ids, options.sampling())?;
            inner.write_step(&state.step);
            inner.step_programs(&state.step, quantise)
        };
        let mut times = Vec::new();
        for program in programs.into_iter().flatten() {
            times.extend(program.profile(&inner.gpu, counts, repeats).await?);
        }
        Ok(times)
    }
}
