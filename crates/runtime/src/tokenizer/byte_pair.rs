//! Byte-level byte-pair encoding: `tokenizer.ggml.model = gpt2`.

use tokenizers::Model as _;
use tokenizers::models::bpe::{BPE, Merges, Vocab};

use super::byte_level;
use super::pre_tokenizer::{PreTokenizer, Rules};
use super::special_tokens::Piece;
use super::vocabulary::{TokenKind, Vocabulary};
use crate::gguf::{Array, Metadata, Value};
use crate::{Error, Result};

const MERGES: &str = "tokenizer.ggml.merges";

/// Splits text into words, spells each in the byte-level alphabet, and merges its characters into tokens.
#[derive(Debug)]
pub(super) struct BytePair {
    pre_tokenizer: PreTokenizer,
    bpe: BPE,
}

impl BytePair {
    /// Moves the merges out of the metadata and builds the encoder for `vocabulary`.
    pub(super) fn take_from(metadata: &mut Metadata, vocabulary: &Vocabulary, rules: &Rules) -> Result<Self> {
        let pre_tokenizer = PreTokenizer::new(rules)?;
        // Control tokens stay out: no plain text may ever become one.
        let ids: Vocab = vocabulary
            .iter()
            .filter(|(_, _, kind)| *kind != TokenKind::Control)
            .map(|(id, text, _)| (text.to_owned(), id))
            .collect();
        let merges = take_merges(metadata, &ids)?;
        // The cache of whole words would outlive the tokenizer (it is one for each thread) and costs megabytes.
        let bpe = BPE::builder()
            .vocab_and_merges(ids, merges)
            .cache_capacity(0)
            .ignore_merges(rules.whole_words)
            .build()
            .map_err(unusable)?;
        Ok(Self { pre_tokenizer, bpe })
    }

    /// The tokens of `pieces`.
    pub(super) fn encode(&self, pieces: &[Piece]) -> Result<Vec<u32>> {
        let mut splitter = self.pre_tokenizer.splitter();
        let mut spelling = String::new();
        let mut tokens = Vec::new();
        for piece in pieces {
            match piece {
                Piece::Token(token) => tokens.push(*token),
                Piece::Text(text) => {
                    for word in splitter.split(text)? {
                        spelling.clear();
                        byte_level::encode_into(&mut spelling, text[word].as_bytes());
                        tokens.extend(self.bpe.tokenize(&spelling).map_err(unusable)?.iter().map(|token| token.id));
                    }
                }
            }
        }
        Ok(tokens)
    }
}

/// The pairs of `tokenizer.ggml.merges`, checked: both halves and what they merge to must be tokens.
fn take_merges(metadata: &mut Metadata, ids: &Vocab) -> Result<Merges> {
    metadata.require_strings(MERGES)?;
    let Some(Value::Array(Array::Strings(lines))) = metadata.remove(MERGES) else {
        return Err(Error::MissingMetadata { key: MERGES.to_owned() });
    };
    let mut merged = String::new();
    lines
        .iter()
        .enumerate()
        .map(|(index, line)| {
            let (left, right) = line.split_once(' ').unwrap_or((line, ""));
            merged.clear();
            merged.extend([left, right]);
            if [left, right, &merged].into_iter().all(|text| ids.contains_key(text)) {
                Ok((left.to_owned(), right.to_owned()))
            } else {
                let reason = format!("merge {index} ({line:?}) does not join two tokens into a third");
                Err(Error::InvalidMetadata { key: MERGES.to_owned(), reason })
            }
        })
        .collect()
}

#[allow(clippy::needless_pass_by_value)] // The shape `map_err` wants.
fn unusable(error: tokenizers::Error) -> Error {
    Error::Tokenizer { reason: error.to_string() }
}
