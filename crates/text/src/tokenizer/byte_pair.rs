//! Byte-pair encoding with a list of merges: `tokenizer.ggml.model` is `gpt2`, `gemma4` or `whitespace`.

use wgslm_formats::gguf::Metadata;

use super::byte_tokens::ByteTokens;
use super::merge::{Join, Merger};
use super::merges::Merges;
use super::pre_tokenizer::{PreTokenizer, Splitter};
use super::pre_tokenizer_rules::{Rules, WholeWords};
use super::special_tokens::{Piece, encode_pieces};
use super::spelling::Spelling;
use super::vocabulary::Vocabulary;
use crate::Result;

/// Splits text into words, spells each as the vocabulary does, and merges its characters into tokens.
#[derive(Debug)]
pub(super) struct BytePair {
    pre_tokenizer: PreTokenizer,
    merges: Merges,
    spelling: Spelling,
    whole_words: WholeWords,
    /// The tokens that spell text without a token in bytes, where words aren't spelled in bytes anyway.
    bytes: Option<ByteTokens>,
    white_space: WhiteSpace,
}

/// The treatment of white space in text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WhiteSpace {
    /// White space is text.
    Kept,
    /// White space separates words and is left out; `lowercase` makes words lower case.
    Dropped { lowercase: bool },
}

/// Working memory, kept from one word to the next.
struct Words<'rules> {
    splitter: Splitter<'rules>,
    merger: Merger,
    spelling: String,
}

impl BytePair {
    /// Moves the merges out of the metadata and builds the encoder for `vocabulary`.
    pub(super) fn take_from(
        metadata: &mut Metadata,
        vocabulary: &Vocabulary,
        rules: &Rules,
        white_space: WhiteSpace,
    ) -> Result<Self> {
        Ok(Self {
            pre_tokenizer: PreTokenizer::new(rules)?,
            merges: Merges::take_from(metadata, rules.needs_merges, |text| vocabulary.find_plain(text))?,
            spelling: rules.spelling,
            whole_words: rules.whole_words,
            bytes: (rules.spelling != Spelling::ByteLevel).then(|| ByteTokens::new(vocabulary)),
            white_space,
        })
    }

    /// The tokens of `pieces`.
    pub(super) fn encode(&self, vocabulary: &Vocabulary, pieces: &[Piece]) -> Result<Vec<u32>> {
        let splitter = self.pre_tokenizer.splitter();
        let mut words = Words { splitter, merger: Merger::default(), spelling: String::new() };
        encode_pieces(pieces, |text, tokens| match self.white_space {
            WhiteSpace::Kept => self.encode_text(vocabulary, text, &mut words, tokens),
            WhiteSpace::Dropped { lowercase } => text.split_whitespace().try_for_each(|word| {
                let lower = lowercase.then(|| word.chars().flat_map(char::to_lowercase).collect::<String>());
                self.encode_text(vocabulary, lower.as_deref().unwrap_or(word), &mut words, tokens)
            }),
        })
    }

    fn encode_text(&self, vocabulary: &Vocabulary, text: &str, words: &mut Words, tokens: &mut Vec<u32>) -> Result<()> {
        for word in words.splitter.split(text)? {
            words.spelling.clear();
            self.spelling.encode_into(&mut words.spelling, &text[word]);
            self.encode_word(vocabulary, &words.spelling, &mut words.merger, tokens)?;
        }
        Ok(())
    }

    fn encode_word(
        &self,
        vocabulary: &Vocabulary,
        word: &str,
        merger: &mut Merger,
        tokens: &mut Vec<u32>,
    ) -> Result<()> {
        let is_whole = match self.whole_words {
            WholeWords::No => false,
            WholeWords::LineBreaks => word.bytes().all(|byte| byte == b'\n'),
            WholeWords::All => true,
        };
        if is_whole && let Some(token) = vocabulary.find_plain(word) {
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
        for (token, text) in merged {
            match (token, &self.bytes) {
                (Some(token), _) => tokens.push(token),
                (None, Some(bytes)) => tokens.extend(text.bytes().filter_map(|byte| bytes.get(byte))),
                // Bytes without a token are left out.
                (None, None) => {}
            }
        }
        Ok(())
    }
}
