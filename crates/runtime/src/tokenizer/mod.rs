//! Text to tokens and back, built from a model's metadata.
//!
//! [`Tokenizer`] encodes, [`Detokenizer`] decodes a stream, [`StopMatcher`] watches that stream for stop strings, and
//! [`ChatTemplate`] writes messages as the prompt that a model was trained on.

mod byte_level;
mod byte_pair;
mod chat_template;
mod detokenizer;
mod pre_tokenizer;
mod special_tokens;
mod stop;
mod vocabulary;

use std::sync::Arc;

pub use chat_template::{ChatTemplate, Message};
pub use detokenizer::Detokenizer;
pub use stop::{StopMatcher, StopOutcome};

use byte_pair::BytePair;
use special_tokens::SpecialTokens;
use vocabulary::{Vocabulary, is_end};

use crate::gguf::Metadata;
use crate::{Error, Result};

/// Whether text may name control tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Special {
    /// `<|im_start|>` is the control token of that name: for prompts and rendered chat templates.
    Parse,
    /// `<|im_start|>` is 12 characters like any others: for text that is not trusted to structure the prompt.
    Plain,
}

/// The tokenizer of a model.
#[derive(Debug)]
pub struct Tokenizer {
    vocabulary: Arc<Vocabulary>,
    special_tokens: SpecialTokens,
    model: Model,
    bos: Option<u32>,
    eos: Option<u32>,
    add_bos: bool,
    stop_tokens: Vec<u32>,
}

/// How text without special tokens becomes tokens: `tokenizer.ggml.model`.
#[derive(Debug)]
enum Model {
    BytePair(BytePair),
}

impl Tokenizer {
    /// Builds the tokenizer from the `tokenizer.ggml.*` keys. Its large arrays (tokens, types, merges) are taken out of
    /// the metadata, so that they are not held twice.
    ///
    /// # Errors
    /// [`Error::MissingMetadata`] and [`Error::InvalidMetadata`] name the key at fault; [`Error::Tokenizer`] names a
    /// tokenizer model or pre-tokenizer that is not supported.
    pub fn from_metadata(metadata: &mut Metadata) -> Result<Self> {
        let model = metadata.require_str("tokenizer.ggml.model")?;
        if model != "gpt2" {
            let reason = format!("the model {model:?} is not supported (supported: gpt2, byte-level BPE)");
            return Err(Error::Tokenizer { reason });
        }
        let rules = pre_tokenizer::rules(match metadata.str("tokenizer.ggml.pre")? {
            Some(name) => name,
            None => {
                tracing::warn!("the metadata names no pre-tokenizer; the default may split text differently");
                "default"
            }
        })?;
        let add_bos = metadata.bool("tokenizer.ggml.add_bos_token")?.unwrap_or(rules.add_bos);
        let vocabulary = Vocabulary::take_from(metadata)?;
        let token = |key| special_token(metadata, key, &vocabulary);
        let bos = token("tokenizer.ggml.bos_token_id")?;
        let eos = token("tokenizer.ggml.eos_token_id")?;
        let stop_tokens = stop_tokens(
            [eos, token("tokenizer.ggml.eot_token_id")?, token("tokenizer.ggml.eom_token_id")?],
            &vocabulary,
        );
        let special_tokens = SpecialTokens::new(&vocabulary)?;
        let model = Model::BytePair(BytePair::take_from(metadata, &vocabulary, rules)?);
        Ok(Self { vocabulary: Arc::new(vocabulary), special_tokens, model, bos, eos, add_bos, stop_tokens })
    }

    /// The tokens of `text`, without BOS.
    ///
    /// Bytes that the vocabulary has no token for are left out, as the model's own tokenizer does (some vocabularies lack
    /// bytes that begin rare or invalid characters).
    ///
    /// # Errors
    /// [`Error::Tokenizer`] where the encoder fails.
    pub fn encode(&self, text: &str, special: Special) -> Result<Vec<u32>> {
        let pieces = self.special_tokens.split(text, special)?;
        match &self.model {
            Model::BytePair(model) => model.encode(&pieces),
        }
    }

    /// The tokens of a whole prompt: special tokens are parsed, and BOS comes first where the model wants it and the text
    /// does not already start with it.
    ///
    /// # Errors
    /// As [`Self::encode`].
    pub fn encode_prompt(&self, text: &str) -> Result<Vec<u32>> {
        let mut tokens = self.encode(text, Special::Parse)?;
        if let Some(bos) = self.bos.filter(|bos| self.add_bos && tokens.first() != Some(bos)) {
            tokens.insert(0, bos);
        }
        Ok(tokens)
    }

    /// A decoder for one stream of tokens. It shares the vocabulary and may outlive the tokenizer.
    #[must_use]
    pub fn detokenizer(&self) -> Detokenizer {
        Detokenizer::new(Arc::clone(&self.vocabulary))
    }

    /// The number of tokens in the vocabulary.
    #[must_use]
    pub fn vocabulary_len(&self) -> usize {
        self.vocabulary.len()
    }

    /// A token as the vocabulary spells it: byte-level text such as `Ġworld`, or a control token such as `<|im_end|>`.
    #[must_use]
    pub fn token_text(&self, token: u32) -> Option<&str> {
        self.vocabulary.text(token)
    }

    /// The token that begins a text, if the model has one.
    #[must_use]
    pub fn bos(&self) -> Option<u32> {
        self.bos
    }

    /// The token that ends a text, if the metadata names one.
    #[must_use]
    pub fn eos(&self) -> Option<u32> {
        self.eos
    }

    /// All tokens that end a generation: those that the metadata names (end of sequence, of turn, of message), then the
    /// well-known ones of the vocabulary, each once.
    #[must_use]
    pub fn stop_tokens(&self) -> &[u32] {
        &self.stop_tokens
    }
}

/// A token id of the metadata, which must be in the vocabulary.
fn special_token(metadata: &Metadata, key: &str, vocabulary: &Vocabulary) -> Result<Option<u32>> {
    let token = metadata.u32(key)?;
    if token.is_some_and(|token| vocabulary.text(token).is_none()) {
        let reason = format!("it should be one of the vocabulary's {} tokens", vocabulary.len());
        return Err(Error::InvalidMetadata { key: key.to_owned(), reason });
    }
    Ok(token)
}

fn stop_tokens(named: [Option<u32>; 3], vocabulary: &Vocabulary) -> Vec<u32> {
    let well_known = vocabulary.iter().filter(|(_, text, _)| is_end(text)).map(|(id, _, _)| id);
    let mut tokens: Vec<u32> = Vec::new();
    for token in named.into_iter().flatten().chain(well_known) {
        if !tokens.contains(&token) {
            tokens.push(token);
        }
    }
    tokens
}
