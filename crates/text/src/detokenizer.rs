//! Decodes tokens to text, one token at a time.

use std::sync::Arc;

use crate::tokenizer::spelling::Spelling;
use crate::tokenizer::vocabulary::{TokenKind, Vocabulary};

/// Decodes one sequence of tokens to text as they come.
///
/// A token may end inside a UTF-8 character; its bytes are held back until the character is whole. The time of each push is
/// proportional to the length of its token.
#[derive(Clone, Debug)]
pub struct Detokenizer {
    vocabulary: Arc<Vocabulary>,
    spelling: Spelling,
    /// True if a space at the start of the text is left out.
    trim_space: bool,
    /// The control tokens whose texts are written.
    shown: Vec<u32>,
    /// The bytes of a character that is not whole yet: at most three between two pushes.
    pending: Vec<u8>,
}

impl Detokenizer {
    pub(super) fn new(vocabulary: Arc<Vocabulary>, spelling: Spelling, trim_space: bool) -> Self {
        Self { vocabulary, spelling, trim_space, shown: Vec::new(), pending: Vec::new() }
    }

    /// The detokenizer that also writes the text of those control tokens whose texts are among `texts`, since they structure an
    /// answer that a [`ChatParser`](crate::chat::ChatParser) reads.
    #[must_use]
    pub fn showing<'text>(mut self, texts: impl IntoIterator<Item = &'text str>) -> Self {
        let tokens = texts.into_iter().filter_map(|text| self.vocabulary.find(text));
        self.shown = tokens.filter(|&token| self.vocabulary.kind(token) == Some(TokenKind::Control)).collect();
        self
    }

    /// The text that `token` completes, in whole characters; empty for control tokens that aren't shown, and for ids beyond the vocabulary.
    ///
    /// Bytes that can't be UTF-8 become U+FFFD, as many as [`String::from_utf8_lossy`] would write.
    pub fn push(&mut self, token: u32) -> String {
        let (Some(text), Some(kind)) = (self.vocabulary.text(token), self.vocabulary.kind(token)) else {
            return String::new();
        };
        let kind = if self.shown.contains(&token) { TokenKind::Shown } else { kind };
        self.spelling.decode_into(&mut self.pending, kind, text);
        if self.trim_space && !self.pending.is_empty() {
            self.trim_space = false;
            if self.pending.starts_with(b" ") {
                self.pending.remove(0);
            }
        }
        self.take_whole_characters()
    }

    /// Ends the text: U+FFFD if its last character is incomplete, otherwise nothing. The detokenizer can then be used for another
    /// text.
    pub fn finish(&mut self) -> String {
        String::from_utf8_lossy(&std::mem::take(&mut self.pending)).into_owned()
    }

    fn take_whole_characters(&mut self) -> String {
        let mut text = String::new();
        let mut unfinished = 0;
        let mut chunks = self.pending.utf8_chunks().peekable();
        while let Some(chunk) = chunks.next() {
            text.push_str(chunk.valid());
            let invalid = chunk.invalid();
            if chunks.peek().is_none() && is_unfinished(invalid) {
                unfinished = invalid.len();
            } else if !invalid.is_empty() {
                text.push(char::REPLACEMENT_CHARACTER);
            }
        }
        self.pending.drain(..self.pending.len() - unfinished);
        text
    }
}

/// True if more bytes could still make `bytes` a character.
fn is_unfinished(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_err_and(|error| error.error_len().is_none())
}
