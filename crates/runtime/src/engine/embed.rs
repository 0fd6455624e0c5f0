//! What texts are pooled into, embeddings or scores: of as many texts in a step as it has room for.

use std::collections::VecDeque;

use wgslm_gpu::{Readback, ReadbackRing};
use wgslm_shaders::Output;

use super::{Engine, Inner, check_prompt, check_task};
use crate::model::Task;
use crate::{Error, Result};

/// Steps under way at a time: one is read while the next runs.
const STEPS: usize = 2;

impl Engine {
    /// The tokens of `text`, with the special tokens that the model expects around it, and its embedding: see [`Self::embed`].
    ///
    /// # Errors
    /// As [`Self::embed`], and [`Tokenizer`](wgslm_text::Error::Tokenizer).
    pub async fn embed_text(&self, text: &str) -> Result<(Vec<u32>, Vec<f32>)> {
        check_task(&self.inner, Task::Embedding)?;
        let tokens = self.model().tokenizer()?.encode_prompt(text)?;
        let embedding = self.embed(&tokens).await?;
        Ok((tokens, embedding))
    }

    /// The embedding of `tokens`: a vector of `width` values, pooled as the model's metadata says and normalised to length 1.
    ///
    /// # Errors
    /// [`Error::WrongTask`] where the model makes text instead; [`Error::EmptyPrompt`], [`Error::PromptTooLong`],
    /// [`Error::UnknownToken`], [`Error::Busy`], or what the device reports.
    pub async fn embed(&self, tokens: &[u32]) -> Result<Vec<f32>> {
        Ok(self.embed_all(&[tokens]).await?.pop().unwrap_or_default())
    }

    /// The embeddings of `texts`, in order, each the same as [`Self::embed`] computes alone. As many share a step as there are slots, rows
    /// and room in the KV cache for.
    ///
    /// # Errors
    /// As [`Self::embed`], for the first text that has one; nothing runs where a text can't be embedded.
    pub async fn embed_all(&self, texts: &[impl AsRef<[u32]>]) -> Result<Vec<Vec<f32>>> {
        check_task(&self.inner, Task::Embedding)?;
        self.pooled(texts).await
    }

    /// The pooled values of `texts`: embeddings or scores.
    pub(super) async fn pooled(&self, texts: &[impl AsRef<[u32]>]) -> Result<Vec<Vec<f32>>> {
        let inner = &self.inner;
        let capacity = self.prefill_tokens() as usize;
        for tokens in texts.iter().map(AsRef::as_ref) {
            check_prompt(inner, tokens)?;
            if tokens.len() > capacity {
                return Err(Error::PromptTooLong { tokens: tokens.len(), capacity });
            }
        }
        // Kernels follow from a text's own length, whatever is beside it.
        let few = inner.programs.few_tokens(inner.wanted.rounds()).unwrap_or(0) as usize;
        let (short, long): (Vec<usize>, _) = (0..texts.len()).partition(|index| texts[*index].as_ref().len() <= few);
        let text = |index: &usize| (*index, texts[*index].as_ref());
        let mut pooled = Pooled::new(inner, texts.len());
        for (indices, rows) in [(short, few), (long, capacity)] {
            let texts: Vec<(usize, &[u32])> = indices.iter().map(text).collect();
            let mut left = &texts[..];
            while !left.is_empty() {
                left = &left[pooled.submit(left, rows)?..];
                pooled.read_down_to(STEPS - 1).await?;
            }
        }
        pooled.read_down_to(0).await?;
        Ok(pooled.done)
    }
}

/// Pooled values that are being computed.
struct Pooled<'a> {
    inner: &'a Inner,
    /// The number of a text's values.
    values: usize,
    ring: ReadbackRing,
    /// The steps under way, with the indices of their texts and the numbers of their tokens.
    under_way: VecDeque<(Vec<(usize, u32)>, Readback)>,
    done: Vec<Vec<f32>>,
}

impl<'a> Pooled<'a> {
    fn new(inner: &'a Inner, texts: usize) -> Self {
        let ring = ReadbackRing::new(inner.device.gpu(), STEPS, inner.workspace.embeddings.size());
        let values = inner.model.spec.pooled_values().unwrap_or(0) as usize;
        Self { inner, values, ring, under_way: VecDeque::new(), done: vec![Vec::new(); texts] }
    }

    /// Submits a step of the first of `texts`, given by index, and returns their number: as many as have room in `rows` rows.
    ///
    /// Their slots and blocks are free again at once, since the queue of the device is in order.
    fn submit(&mut self, texts: &[(usize, &[u32])], rows: usize) -> Result<usize> {
        let inner = self.inner;
        let state = &mut *inner.lock();
        let (mut tokens, mut outputs, mut slots) = (Vec::new(), Vec::new(), Vec::new());
        for (_, text) in &texts[..texts.len().min(inner.workspace.output_capacity as usize)] {
            if !tokens.is_empty() && tokens.len() + text.len() > rows {
                break;
            }
            let Some(slot) = state.memory.open(&[]).map(|opened| opened.slot) else { break };
            slots.push(slot);
            if !inner.grow(state, slot, text.len() as u32) {
                break;
            }
            outputs.push(Output { token: tokens.len() as u32, ..Output::default() });
            tokens.extend(inner.rows_of(state, (slot, 0), text));
        }
        let count = outputs.len();
        let step = (count > 0).then(|| {
            let bytes = (count * self.values * 4) as u64;
            state.batch.set_tokens(tokens.into_iter());
            state.batch.set_outputs(&outputs);
            inner.submit_pooled(&state.batch, inner.wanted.rounds(), bytes, &mut self.ring)
        });
        let alone = state.asides == 0 && slots.len() == 1;
        slots.into_iter().for_each(|slot| state.memory.close(slot));
        let Some(readback) = step else {
            let retry_after_ms = state.scheduler.retry_after_ms(inner.now());
            return Err(if alone { Error::KvCacheFull } else { Error::Busy { retry_after_ms } });
        };
        let texts = texts[..count].iter().map(|(index, text)| (*index, text.len() as u32)).collect();
        self.under_way.push_back((texts, readback));
        Ok(count)
    }

    /// Reads the oldest steps until `steps` are under way.
    async fn read_down_to(&mut self, steps: usize) -> Result<()> {
        while self.under_way.len() > steps
            && let Some((texts, readback)) = self.under_way.pop_front()
        {
            let values: Vec<f32> = bytemuck::pod_collect_to_vec(&readback.await?);
            for ((index, tokens), values) in texts.into_iter().zip(values.chunks_exact(self.values)) {
                if !values.iter().all(|value| value.is_finite()) {
                    return Err(Error::NotFinite { position: tokens });
                }
                self.done[index] = values.to_vec();
            }
        }
        Ok(())
    }
}
