//! A tokenizer read from the bytes of a `tokenizer.json`.

use std::sync::{Mutex, PoisonError};

use tokenizers::Tokenizer;

use crate::description::describe;
use crate::{Error, Result};

/// The tokenizer of a `tokenizer.json`.
#[derive(Debug)]
pub struct JsonTokenizer {
    /// The lock is for its state, which says whether special tokens are parsed.
    tokenizer: Mutex<Tokenizer>,
}

impl JsonTokenizer {
    /// Reads a `tokenizer.json`.
    ///
    /// # Errors
    /// [`Error::Unusable`] for a damaged file.
    pub fn from_bytes(json: &[u8]) -> Result<Self> {
        let mut tokenizer = Tokenizer::from_bytes(json).map_err(Error::unusable)?;
        // Sentence encoders come with a limit on the length of a text, which a tokenizer shouldn't apply.
        tokenizer.with_truncation(None).map_err(Error::unusable)?;
        tokenizer.with_padding(None);
        Ok(Self { tokenizer: Mutex::new(tokenizer) })
    }

    /// The description of the tokenizer in one buffer, with numbers in 32 bits, little-endian:
    ///
    /// - the spelling of the vocabulary in 8 bits: 0 for GPT-2's bytes as characters, 1 for SentencePiece's, 2 for WordPiece's;
    /// - the tokens that are put before and after a whole text, or `u32::MAX`;
    /// - all tokens by id: of each its type as in GGUF files in 8 bits, the number of its bytes, and its text.
    ///
    /// # Errors
    /// [`Error::Unusable`] for a decoder that is not supported, and for ids far beyond the number of tokens.
    pub fn describe(&self) -> Result<Vec<u8>> {
        describe(&self.tokenizer.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The tokens of a text, without those that are put before and after it. Control tokens that the text spells count if `special` is
    /// true.
    ///
    /// # Errors
    /// [`Error::Unusable`] where the tokenizer fails.
    pub fn encode(&self, text: &str, special: bool) -> Result<Vec<u32>> {
        let mut tokenizer = self.tokenizer.lock().unwrap_or_else(PoisonError::into_inner);
        tokenizer.set_encode_special_tokens(!special);
        Ok(tokenizer.encode_fast(text, false).map_err(Error::unusable)?.get_ids().to_vec())
    }
}
