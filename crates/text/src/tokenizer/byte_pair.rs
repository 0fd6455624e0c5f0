//! Byte-level byte-pair encoding: `tokenizer.ggml.model = gpt2`.

use wgslm_formats::gguf::Metadata;

use super::byte_level;
use super::merge::{Join, Merger};
use super::merges::Merges;
use super::pre_tokenizer::PreTokenizer;
use super::pre_tokenizer_rules::Rules;
use super::special_tokens::{Piece, encode_pieces};
use super::vocabulary::Vocabulary;
use crate::Result;

/// Splits text into words, spells each in the byte-level alphabet, and merges its characters into tokens.
#[derive(Debug)]
pub(super) struct BytePair {
    pre_tokenizer: PreTokenizer,
    merges: Merges,
    whole_words: bool,
}

impl BytePair {
    /// Moves the merges out of the metadata and builds the encoder for `vocabulary`.
    pub(super) fn take_from(metadata: &mut Metadata, vocabulary: &Vocabulary, rules: &Rules) -> Result<Self> {
        let merges = Merges::take_from(metadata, |text| vocabulary.find_plain(text))?;
        Ok(Self { pre_tokenizer: PreTokenizer::new(rules)?, merges, whole_words: rules.whole_words })
    }

    /// The tokens of `pieces`.
    pub(super) fn encode(&self, vocabulary: &Vocabulary, pieces: &[Piece]) -> Result<Vec<u32>> {
        let mut splitter = self.pre_tokenizer.splitter();
        let mut merger = Merger::default();
        let mut spelling = String::new();
        encode_pieces(pieces, |text, tokens| {
            for word in splitter.split(text)? {
                spelling.clear();
                byte_level::encode_into(&mut spelling, text[word].as_bytes());
                self.encode_word(vocabulary, &spelling, &mut merger, tokens)?;
            }
            Ok(())
        })
    }

    fn encode_word(
        &self,
        vocabulary: &Vocabulary,
        word: &str,
        merger: &mut Merger,
        tokens: &mut Vec<u32>,
    ) -> Result<()> {
        if self.whole_words
            && let Some(token) = vocabulary.find_plain(word)
        {
            tokens.push(token);
            return Ok(());
        }
        let merged = merger.merge(
            word,
            |character| vocabulary.find_plain(character),
            |left, right, _| {
                let (rank, token) = self.merges.find(left.token?, right.token?)?;
                Some(Join { priority: rank, token })
            },
        )?;
        // Bytes without a token are left out.
        tokens.extend(merged.filter_map(|(token, _)| token));
        Ok(())
    }
}
