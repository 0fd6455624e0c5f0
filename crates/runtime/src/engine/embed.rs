//! Embeddings.

use super::sequence::Sequence;
use super::{Engine, check_prompt, check_task};
use crate::{Error, Result};

impl Engine {
    /// The embedding of `tokens`: `[width]` values, of length 1, pooled as the model was made to be.
    ///
    /// # Errors
    /// [`Error::WrongTask`] where the model makes text instead; [`Error::EmptyPrompt`], [`Error::PromptTooLong`],
    /// [`Error::UnknownToken`], [`Error::KvCacheFull`], or what the device reports.
    pub async fn embed(&self, tokens: &[u32]) -> Result<Vec<f32>> {
        check_task(&self.inner, true)?;
        check_prompt(&self.inner, tokens)?;
        let capacity = self.prefill_rows() as usize;
        if tokens.len() > capacity {
            return Err(Error::PromptTooLong { tokens: tokens.len(), capacity });
        }
        Sequence::for_prompt(&self.inner, tokens.len())?.embed(tokens).await
    }
}
