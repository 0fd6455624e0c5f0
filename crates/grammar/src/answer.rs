//! An answer that follows a compiled grammar.

use std::fmt;
use std::panic::AssertUnwindSafe;

use llguidance::{TokenParser, panic_utils};
use wgslm_text::{Constraint, Error, Result};

use crate::Vocabulary;
use crate::error::message;

/// An answer that follows a compiled grammar.
#[derive(Clone)]
pub(crate) struct Answer {
    parser: TokenParser,
    /// The parser before the first token, from which an answer can be read again.
    start: TokenParser,
    vocabulary: Vocabulary,
    tokens: Vec<u32>,
    /// True once a stop token was committed. The parser doesn't see stop tokens.
    ended: bool,
}

impl Answer {
    /// The empty answer; `parser` must be started.
    pub(crate) fn new(mut parser: TokenParser, vocabulary: Vocabulary) -> anyhow::Result<Self> {
        let start = parser.clone();
        guarded(|| parser.check_stop())?;
        Ok(Self { parser, start, vocabulary, tokens: Vec::new(), ended: false })
    }

    /// True if the parser accepts no more tokens.
    fn is_at_end(&self) -> bool {
        self.ended || self.parser.stopped()
    }

    fn is_stop(&self, token: u32) -> bool {
        self.vocabulary.stop_tokens().contains(&token)
    }

    fn consume(&mut self, token: u32) -> anyhow::Result<()> {
        let backtrack = self.parser.consume_token(token)?;
        anyhow::ensure!(backtrack == 0, "it would have to take back tokens");
        self.parser.check_stop()?;
        Ok(())
    }

    /// Reads the first `count` tokens again.
    fn replay(&mut self, count: usize) -> Result<()> {
        self.parser = self.start.clone();
        self.tokens.truncate(count);
        guarded(|| {
            self.parser.check_stop()?;
            for index in 0..self.tokens.len() {
                self.consume(self.tokens[index])?;
            }
            Ok(())
        })
        .map_err(|error| failed(&error))
    }
}

impl Constraint for Answer {
    fn mask(&mut self, words: &mut [u32]) -> Result<()> {
        words.fill(0);
        if !self.is_at_end() {
            let (mask, accepting) = guarded(|| Ok((self.parser.compute_mask()?, self.parser.is_accepting())))
                .map_err(|error| failed(&error))?;
            for (word, allowed) in words.iter_mut().zip(mask.as_slice()) {
                *word = *allowed;
            }
            for &token in self.vocabulary.stop_tokens() {
                set(words, token, accepting);
            }
        } else if self.is_complete() {
            for &token in self.vocabulary.stop_tokens() {
                set(words, token, true);
            }
            // Without stop tokens there is nothing to allow: the caller ends the answer.
            return Ok(());
        }
        if words.iter().all(|word| *word == 0) {
            return Err(Error::Grammar { reason: "no token of the vocabulary can follow".to_owned() });
        }
        Ok(())
    }

    fn commit(&mut self, token: u32) -> Result<()> {
        let refused = Error::TokenRefused { token };
        if self.ended || token as usize >= self.vocabulary.size() {
            return Err(refused);
        }
        if self.is_stop(token) {
            if !self.is_accepting() {
                return Err(refused);
            }
            self.ended = true;
        } else {
            if self.parser.stopped() {
                return Err(refused);
            }
            let allowed = guarded(|| self.parser.validate_token(token)).map_err(|error| failed(&error))?;
            if !allowed {
                return Err(refused);
            }
            guarded(|| self.consume(token)).map_err(|error| failed(&error))?;
        }
        self.tokens.push(token);
        Ok(())
    }

    fn forced(&mut self) -> Result<Vec<u32>> {
        if self.is_at_end() {
            return Ok(Vec::new());
        }
        guarded(|| Ok(self.parser.compute_ff_tokens())).map_err(|error| failed(&error))
    }

    fn is_accepting(&mut self) -> bool {
        self.is_complete() || (!self.parser.stopped() && guarded(|| Ok(self.parser.is_accepting())).unwrap_or(false))
    }

    fn is_complete(&self) -> bool {
        self.ended || (self.parser.stopped() && self.parser.stop_reason().is_ok())
    }

    fn rollback(&mut self, tokens: usize) -> Result<()> {
        let Some(count) = self.tokens.len().checked_sub(tokens) else {
            let reason = format!("{tokens} tokens can't be taken back: it has {}", self.tokens.len());
            return Err(Error::Grammar { reason });
        };
        if tokens == 0 {
            return Ok(());
        }
        let unseen = usize::from(std::mem::take(&mut self.ended));
        // The parser takes back what is text; the rest is read again.
        if guarded(|| self.parser.rollback(tokens - unseen)).is_err() {
            return self.replay(count);
        }
        self.tokens.truncate(count);
        Ok(())
    }

    fn fork(&self) -> Box<dyn Constraint> {
        // Cloned parsers share an automaton, and what one answer makes it learn must not change another.
        let (parser, start) = (self.parser.deep_clone(), self.start.deep_clone());
        Box::new(Self { parser, start, ..self.clone() })
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Answer")
            .field("tokens", &self.tokens)
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}

/// Runs a call of llguidance; a panic, which would be a bug there, becomes an error.
fn guarded<T>(call: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
    panic_utils::catch_unwind(AssertUnwindSafe(call))
}

fn failed(error: &anyhow::Error) -> Error {
    Error::Grammar { reason: message(error) }
}

fn set(words: &mut [u32], token: u32, allowed: bool) {
    if let Some(word) = words.get_mut(token as usize / 32) {
        let bit = 1 << (token % 32);
        *word = if allowed { *word | bit } else { *word & !bit };
    }
}
