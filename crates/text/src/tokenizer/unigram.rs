//! Unigram: `tokenizer.ggml.model = t5`.
//!
//! Each token has a score, the logarithm of its probability, and a text becomes the tokens of the highest sum (Kudo, 2018,
//! <https://arxiv.org/abs/1804.10959>).

use wgslm_formats::gguf::Metadata;

use super::character_map::CharacterMap;
use super::prefixes::Prefixes;
use super::scores;
use super::special_tokens::{Piece, encode_pieces};
use super::spelling;
use super::vocabulary::{TokenKind, Vocabulary};
use crate::Result;

/// The difference between the score of the worst token and that of a character without a token.
const UNKNOWN_PENALTY: f32 = 10.0;

/// Normalises text and finds the tokens of the best score.
#[derive(Debug)]
pub(super) struct Unigram {
    scores: Vec<f32>,
    prefixes: Prefixes,
    characters: CharacterMap,
    unknown: Option<u32>,
    unknown_score: f64,
    add_space_prefix: bool,
    remove_extra_whitespaces: bool,
}

/// The best tokens of a text up to some place: the last token and its start.
#[derive(Clone, Copy)]
struct Best {
    score: f64,
    token: Option<u32>,
    start: usize,
}

impl Unigram {
    /// Moves the scores and the map of characters out of the metadata and builds the encoder for `vocabulary`.
    pub(super) fn take_from(metadata: &mut Metadata, vocabulary: &Vocabulary, unknown: Option<u32>) -> Result<Self> {
        let mut scores = scores::take_from(metadata, vocabulary)?;
        let mut worst = f32::MAX;
        for ((_, _, kind), score) in vocabulary.iter().zip(&mut scores) {
            match kind {
                TokenKind::Normal => worst = worst.min(*score),
                TokenKind::UserDefined => *score = 0.0,
                _ => {}
            }
        }
        Ok(Self {
            scores,
            prefixes: Prefixes::new(vocabulary),
            characters: CharacterMap::take_from(metadata)?,
            unknown,
            unknown_score: f64::from(worst - UNKNOWN_PENALTY),
            add_space_prefix: metadata.bool("tokenizer.ggml.add_space_prefix")?.unwrap_or(false),
            remove_extra_whitespaces: metadata.bool("tokenizer.ggml.remove_extra_whitespaces")?.unwrap_or(false),
        })
    }

    /// True if text that starts without a space gets one.
    pub(super) fn starts_with_space(&self) -> bool {
        self.add_space_prefix || self.remove_extra_whitespaces
    }

    /// The tokens of `pieces`.
    pub(super) fn encode(&self, vocabulary: &Vocabulary, pieces: &[Piece]) -> Result<Vec<u32>> {
        encode_pieces(pieces, |text, tokens| {
            let text = self.normalise(text)?;
            self.encode_text(vocabulary, &text, tokens);
            Ok(())
        })
    }

    /// The text with its characters replaced and its spaces marked.
    fn normalise(&self, text: &str) -> Result<String> {
        let mut normalised = String::with_capacity(text.len() + spelling::SPACE.len_utf8());
        let mut prefix_is_missing = self.add_space_prefix;
        let mut inside_word = false;
        let mut rest = text;
        while let Some(character) = rest.chars().next() {
            let (length, replacement) = match self.characters.longest(rest)? {
                Some(found) => found,
                None => (character.len_utf8(), &rest[..character.len_utf8()]),
            };
            rest = &rest[length..];
            for character in replacement.chars() {
                if character == ' ' {
                    normalised.extend((!self.remove_extra_whitespaces).then_some(spelling::SPACE));
                    inside_word = false;
                    continue;
                }
                if !inside_word && (self.remove_extra_whitespaces || prefix_is_missing) {
                    normalised.push(spelling::SPACE);
                    prefix_is_missing = false;
                }
                inside_word = true;
                normalised.push(character);
            }
        }
        Ok(normalised)
    }

    /// Appends the tokens of the best score (Viterbi's algorithm); characters without a token are unknown, once a run.
    fn encode_text(&self, vocabulary: &Vocabulary, text: &str, tokens: &mut Vec<u32>) {
        let mut best = vec![Best { score: f64::MIN, token: self.unknown, start: 0 }; text.len() + 1];
        best[0].score = 0.0;
        for (start, character) in text.char_indices() {
            let before = best[start].score;
            let mut try_token = |token, length: usize, score: f64| {
                let end = &mut best[start + length];
                if before + score > end.score {
                    *end = Best { score: before + score, token, start };
                }
            };
            let mut has_token = false;
            for (token, length) in self.prefixes.of(vocabulary, &text[start..]) {
                has_token |= length == character.len_utf8();
                try_token(Some(token), length, f64::from(self.scores[token as usize]));
            }
            if !has_token {
                try_token(self.unknown, character.len_utf8(), self.unknown_score);
            }
        }
        let before = tokens.len();
        let mut end = text.len();
        while end > 0 {
            let Best { token, start, .. } = best[end];
            let repeats = token == self.unknown && tokens.len() > before && tokens.last().copied() == token;
            tokens.extend(token.filter(|_| !repeats));
            end = start;
        }
        tokens[before..].reverse();
    }
}
