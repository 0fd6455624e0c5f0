//! Token healing: an answer that begins with the text of the prompt's last token.

use crate::{Constraint, Error, Result, Tokenizer};

/// A constraint of an answer's first token alone: its bytes begin with those of a token that was taken off the prompt's end.
///
/// A prompt that ends within a word ends with a token that the whole word wouldn't have, and what follows that token in texts is rarely the
/// rest of the word. Without it, the model chooses among the tokens that continue what is there.
#[derive(Clone, Debug)]
pub struct Beginning {
    /// The tokens that may come first, a bit each.
    allowed: Vec<u32>,
    tokens: Vec<u32>,
}

impl Beginning {
    /// The constraint of an answer whose first token has the text of `token` and perhaps more; `None` for a token without text, or with a part of a
    /// character.
    #[must_use]
    pub fn with(tokenizer: &Tokenizer, token: u32) -> Option<Self> {
        let text = String::from_utf8(tokenizer.token_bytes(token)).ok().filter(|text| !text.is_empty())?;
        let mut allowed = vec![0; tokenizer.vocabulary_size().div_ceil(32)];
        for token in tokenizer.tokens_beginning_with(&text) {
            allowed[token as usize / 32] |= 1 << (token % 32);
        }
        Some(Self { allowed, tokens: Vec::new() })
    }
}

impl Constraint for Beginning {
    fn mask(&mut self, words: &mut [u32]) -> Result<()> {
        if self.is_settled() {
            words.fill(u32::MAX);
            return Ok(());
        }
        words.fill(0);
        for (word, allowed) in words.iter_mut().zip(&self.allowed) {
            *word = *allowed;
        }
        Ok(())
    }

    fn commit(&mut self, token: u32) -> Result<()> {
        let is_allowed = || self.allowed.get(token as usize / 32).is_some_and(|word| word >> (token % 32) & 1 == 1);
        if !self.is_settled() && !is_allowed() {
            return Err(Error::TokenRefused { token });
        }
        self.tokens.push(token);
        Ok(())
    }

    fn forced(&mut self) -> Result<Vec<u32>> {
        Ok(Vec::new())
    }

    fn is_accepting(&mut self) -> bool {
        self.is_settled()
    }

    fn is_complete(&self) -> bool {
        false
    }

    fn is_settled(&self) -> bool {
        !self.tokens.is_empty()
    }

    fn rollback(&mut self, tokens: usize) -> Result<()> {
        let reason = || Error::Grammar { reason: format!("fewer than {tokens} tokens have been committed") };
        self.tokens.truncate(self.tokens.len().checked_sub(tokens).ok_or_else(reason)?);
        Ok(())
    }

    fn fork(&self) -> Box<dyn Constraint> {
        Box::new(self.clone())
    }
}
