//! WordPiece: `tokenizer.ggml.model = bert`.
//!
//! Text is normalised and cut into words, and each word is spelled by the longest tokens from its start on (Devlin et al.,
//! 2018, <https://github.com/google-research/bert/blob/master/tokenization.py>). GGUF marks the start of a word with U+2581
//! instead of its continuation with `##`.
//!
//! Decomposed characters keep all of their parts, as with BERT's tokenizer; llama.cpp keeps the first, and loses the vowels
//! of Hangul.

use unicode_normalization::UnicodeNormalization as _;
use wgslm_formats::gguf::Metadata;

use super::characters::{CharacterKind, CharacterKinds};
use super::special_tokens::{Piece, encode_pieces};
use super::spelling;
use super::vocabulary::Vocabulary;
use crate::{Error, Result};

/// Normalises text, cuts it into words, and finds the longest tokens of each.
#[derive(Debug)]
pub(super) struct WordPiece {
    unknown: u32,
    kinds: CharacterKinds,
    lowercase: bool,
    strip_accents: bool,
    /// The length in bytes of the longest token.
    longest: usize,
}

impl WordPiece {
    /// The encoder that the metadata describes; `unknown` stands for words that can't be spelled.
    pub(super) fn from_metadata(metadata: &Metadata, vocabulary: &Vocabulary, unknown: Option<u32>) -> Result<Self> {
        let unknown = unknown.ok_or_else(|| Error::missing_metadata("tokenizer.ggml.unknown_token_id"))?;
        let lowercase = metadata.bool("tokenizer.ggml.normalizer.lowercase")?.unwrap_or(true);
        let strip_accents = metadata.bool("tokenizer.ggml.normalizer.strip_accents")?.unwrap_or(lowercase);
        let longest = vocabulary.iter().map(|(_, text, _)| text.len()).max().unwrap_or(0);
        Ok(Self { unknown, kinds: CharacterKinds::new()?, lowercase, strip_accents, longest })
    }

    /// The tokens of `pieces`.
    pub(super) fn encode(&self, vocabulary: &Vocabulary, pieces: &[Piece]) -> Result<Vec<u32>> {
        encode_pieces(pieces, |text, tokens| {
            let words = self.normalise(text)?;
            words.split(' ').for_each(|word| self.encode_word(vocabulary, word, tokens));
            Ok(())
        })
    }

    /// The words of `text`, each with its mark, between single spaces.
    fn normalise(&self, text: &str) -> Result<String> {
        let (composed, decomposed) =
            if self.strip_accents { (None, Some(text.nfd())) } else { (Some(text.chars()), None) };
        let characters = composed.into_iter().flatten().chain(decomposed.into_iter().flatten());
        let mut cache = self.kinds.cache();
        let mut words = String::with_capacity(text.len());
        let mut inside = false;
        for character in characters {
            let alone = match self.kinds.of(character, &mut cache)? {
                CharacterKind::Space => {
                    inside = false;
                    continue;
                }
                CharacterKind::Control => continue,
                CharacterKind::Accent if self.strip_accents => continue,
                kind => kind == CharacterKind::Alone,
            };
            if !inside || alone {
                words.extend((!words.is_empty()).then_some(' '));
                words.push(spelling::SPACE);
            }
            inside = !alone;
            if self.lowercase {
                words.extend(character.to_lowercase());
            } else {
                words.push(character);
            }
        }
        Ok(words)
    }

    /// Appends the longest tokens from the start of `word` on, or the unknown token where they don't cover it.
    fn encode_word(&self, vocabulary: &Vocabulary, word: &str, tokens: &mut Vec<u32>) {
        let before = tokens.len();
        let mut rest = word;
        while !rest.is_empty() {
            let Some((token, length)) = self.longest_token(vocabulary, rest) else {
                tokens.truncate(before);
                tokens.push(self.unknown);
                return;
            };
            tokens.push(token);
            rest = &rest[length..];
        }
    }

    fn longest_token(&self, vocabulary: &Vocabulary, text: &str) -> Option<(u32, usize)> {
        let ends = (1..=text.len().min(self.longest)).rev().filter(|&end| text.is_char_boundary(end));
        ends.filter_map(|end| Some((vocabulary.find_plain(&text[..end])?, end))).next()
    }
}
