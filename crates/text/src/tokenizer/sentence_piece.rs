//! SentencePiece's byte-pair encoding: `tokenizer.ggml.model = llama`.
//!
//! There is no list of merges: of all neighbours that form a token together, those whose token has the best score are joined
//! first (Kudo and Richardson, 2018, <https://arxiv.org/abs/1808.06226>).

use wgslm_formats::gguf::Metadata;

use super::byte_tokens::ByteTokens;
use super::merge::{Join, Merger};
use super::scores;
use super::special_tokens::{Piece, encode_pieces};
use super::spelling::{self, Spelling};
use super::vocabulary::{TokenKind, Vocabulary};
use crate::Result;

/// Marks spaces and merges characters into tokens; text without a token is spelled in bytes.
#[derive(Debug)]
pub(super) struct SentencePiece {
    /// The priority of each token: the lower, the sooner it is merged.
    priorities: Vec<u32>,
    bytes: ByteTokens,
    unknown: Option<u32>,
    pub(super) add_space_prefix: bool,
    remove_extra_whitespaces: bool,
}

impl SentencePiece {
    /// Moves the scores out of the metadata and builds the encoder for `vocabulary`.
    pub(super) fn take_from(metadata: &mut Metadata, vocabulary: &Vocabulary, unknown: Option<u32>) -> Result<Self> {
        Ok(Self {
            priorities: scores::take_from(metadata, vocabulary)?.into_iter().map(priority).collect(),
            bytes: ByteTokens::new(vocabulary),
            unknown,
            add_space_prefix: metadata.bool("tokenizer.ggml.add_space_prefix")?.unwrap_or(true),
            remove_extra_whitespaces: metadata.bool("tokenizer.ggml.remove_extra_whitespaces")?.unwrap_or(false),
        })
    }

    /// The tokens of `pieces`. Text at the start and behind a special token gets a space before it, like other words.
    pub(super) fn encode(&self, vocabulary: &Vocabulary, pieces: &[Piece]) -> Result<Vec<u32>> {
        let mut merger = Merger::default();
        let mut spelling = String::new();
        encode_pieces(pieces, |text, tokens| {
            self.spell(text, &mut spelling);
            self.encode_text(vocabulary, &spelling, &mut merger, tokens)
        })
    }

    fn spell(&self, text: &str, spelling: &mut String) {
        spelling.clear();
        if self.add_space_prefix {
            spelling.push(spelling::SPACE);
        }
        if self.remove_extra_whitespaces {
            for (number, word) in text.split(' ').filter(|word| !word.is_empty()).enumerate() {
                spelling.extend((number > 0).then_some(spelling::SPACE));
                spelling.push_str(word);
            }
        } else {
            Spelling::SentencePiece.encode_into(spelling, text);
        }
    }

    fn encode_text(
        &self,
        vocabulary: &Vocabulary,
        text: &str,
        merger: &mut Merger,
        tokens: &mut Vec<u32>,
    ) -> Result<()> {
        // Control tokens and bytes stay out: no plain text may ever become one.
        let find = |text: &str| {
            let usable = |kind| matches!(kind, TokenKind::Normal | TokenKind::UserDefined | TokenKind::Unused);
            vocabulary.find(text).filter(|&token| vocabulary.kind(token).is_some_and(usable))
        };
        let merged = merger.merge(text, find, |_, _, pair| {
            let token = find(pair)?;
            Some(Join { priority: *self.priorities.get(token as usize)?, token })
        })?;
        for (token, text) in merged {
            match token {
                Some(token) => tokens.push(token),
                None => tokens.extend(text.bytes().filter_map(|byte| self.bytes.get(byte).or(self.unknown))),
            }
        }
        Ok(())
    }
}

/// The priority of a score: lower for higher scores, in the order of all floats.
fn priority(score: f32) -> u32 {
    // Adding zero makes -0 and 0 the same.
    let bits = (score + 0.0).to_bits();
    if bits >> 31 == 0 { !(bits | 1 << 31) } else { bits }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn higher_scores_come_first_in_the_order_of_floats() {
        let scores = [f32::INFINITY, 3.5, 1e-40, 0.0, -1e-40, -1.0, -1000.0, f32::NEG_INFINITY];
        let priorities = scores.map(priority);
        assert!(priorities.is_sorted() && priorities.windows(2).all(|pair| pair[0] != pair[1]), "{priorities:?}");
        assert_eq!(priority(-0.0), priority(0.0));
    }
}
