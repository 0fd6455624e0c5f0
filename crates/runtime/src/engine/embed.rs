//! Embeddings.

use super::{Aside, Engine, check_prompt, check_task};
use crate::{Error, Result};

impl Engine {
    /// The tokens of `text`, with the special tokens that the model expects around it, and its embedding: see [`Self::embed`].
    ///
    /// # Errors
    /// As [`Self::embed`], and [`Tokenizer`](wgslm_text::Error::Tokenizer).
    pub async fn embed_text(&self, text: &str) -> Result<(Vec<u32>, Vec<f32>)> {
        check_task(&self.inner, true)?;
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
        check_task(&self.inner, true)?;
        check_prompt(&self.inner, tokens)?;
        let capacity = self.prefill_tokens() as usize;
        if tokens.len() > capacity {
            return Err(Error::PromptTooLong { tokens: tokens.len(), capacity });
        }
        Aside::open(&self.inner, self.inner.wanted.rounds())?.embed(tokens).await
    }
}
