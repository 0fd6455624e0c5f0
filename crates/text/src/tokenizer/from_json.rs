//! Reads a tokenizer from the files of a Hugging Face folder: `tokenizer.json` and `tokenizer_config.json`
//! (<https://huggingface.co/docs/tokenizers/api/tokenizer>).
//!
//! Such a file composes its tokenizer of many kinds of parts. The `tokenizers` crate, whose format it is, runs them; only
//! decoding is done here, since the crate's decoders don't stream.

use std::sync::{Arc, Mutex, PoisonError};

use serde::Deserialize;
use tokenizers::DecoderWrapper;
use wgslm_formats::gguf::Strings;

use super::fim::FillInMiddle;
use super::from_metadata::stop_tokens;
use super::spelling::{Spelling, byte_of};
use super::vocabulary::{TokenKind, Vocabulary};
use super::{Encode, Encoder, Special, Tokenizer};
use crate::{Error, Result};

/// The most ids that a file may leave unused: the vocabulary is indexed by id, and must not take memory for unused ids.
const MOST_GAPS: usize = 1 << 16;

/// The keys of `tokenizer_config.json` that are about tokens.
#[derive(Default, Deserialize)]
struct Config {
    bos_token: Option<NamedToken>,
    eos_token: Option<NamedToken>,
    add_bos_token: Option<bool>,
    add_eos_token: Option<bool>,
}

/// A token, given as its text or as an object with its text.
#[derive(Deserialize)]
#[serde(untagged)]
enum NamedToken {
    Text(String),
    Described { content: String },
}

impl NamedToken {
    fn text(&self) -> &str {
        match self {
            Self::Text(text) | Self::Described { content: text } => text,
        }
    }
}

/// Runs a `tokenizer.json`. The lock is for its state, which says whether special tokens are parsed.
#[derive(Debug)]
struct JsonEncoder {
    tokenizer: Mutex<tokenizers::Tokenizer>,
}

impl Encode for JsonEncoder {
    fn encode(&self, text: &str, special: Special) -> Result<Vec<u32>> {
        let mut tokenizer = self.tokenizer.lock().unwrap_or_else(PoisonError::into_inner);
        tokenizer.set_encode_special_tokens(special == Special::Plain);
        Ok(tokenizer.encode_fast(text, false).map_err(unusable)?.get_ids().to_vec())
    }
}

/// The tokenizer of `json`, with the special tokens that `config` names.
pub(super) fn tokenizer(json: &[u8], config: Option<&[u8]>) -> Result<Tokenizer> {
    let mut tokenizer = tokenizers::Tokenizer::from_bytes(json).map_err(unusable)?;
    // Sentence encoders come with a limit on the length of a text, which a tokenizer shouldn't apply.
    tokenizer.with_truncation(None).map_err(unusable)?;
    tokenizer.with_padding(None);
    let config: Config = match config {
        Some(config) => {
            serde_json::from_slice(config).map_err(|error| unusable(format!("its configuration: {error}")))?
        }
        None => Config::default(),
    };
    let spelling = spelling(tokenizer.get_decoder())?;
    let vocabulary = vocabulary(&tokenizer, spelling)?;
    let find = |token: &Option<NamedToken>| token.as_ref().and_then(|token| vocabulary.find(token.text()));
    let (bos, eos) = (find(&config.bos_token), find(&config.eos_token));
    let (before, after) = frame(&tokenizer)?;
    let framed = |add: Option<bool>, named: Option<u32>, found: Option<u32>| match add {
        Some(true) => named.or(found),
        Some(false) => None,
        None => found,
    };
    let prompt_frame = (framed(config.add_bos_token, bos, before), framed(config.add_eos_token, eos, after));
    let fill_in_middle = FillInMiddle::find(&vocabulary, |_| Ok(None))?;
    let stop_tokens = stop_tokens([eos, None, None], &vocabulary, fill_in_middle.as_ref());
    let mut tokenizer = Tokenizer {
        vocabulary: Arc::new(vocabulary),
        encoder: Encoder::Json(Box::new(JsonEncoder { tokenizer: Mutex::new(tokenizer) })),
        spelling,
        space_prefix: false,
        bos: bos.or(before),
        eos,
        prompt_frame,
        stop_tokens,
        suppressed_tokens: Vec::new(),
        fill_in_middle,
    };
    tokenizer.space_prefix = tokenizer.decode(&tokenizer.encode("a", Special::Plain)?).starts_with(' ');
    Ok(tokenizer)
}

/// The tokens that a `tokenizer.json` puts before and after a whole text.
fn frame(tokenizer: &tokenizers::Tokenizer) -> Result<(Option<u32>, Option<u32>)> {
    let encode = |special| tokenizer.encode_fast("a", special).map_err(unusable);
    let (text, whole) = (encode(false)?, encode(true)?);
    let (text, whole) = (text.get_ids(), whole.get_ids());
    let start = whole.windows(text.len().max(1)).position(|part| part == text);
    Ok(start.map_or((None, None), |start| {
        let before = start.checked_sub(1).and_then(|before| whole.get(before));
        (before.copied(), whole.get(start + text.len()).copied())
    }))
}

fn vocabulary(tokenizer: &tokenizers::Tokenizer, spelling: Spelling) -> Result<Vocabulary> {
    let mut tokens: Vec<(u32, String)> = tokenizer.get_vocab(true).into_iter().map(|(text, id)| (id, text)).collect();
    tokens.sort_unstable();
    let last = tokens.last().map_or(0, |(id, _)| *id as usize);
    if last > tokens.len() + MOST_GAPS {
        return Err(unusable(format!("it has a token id {last}, but only {} tokens", tokens.len())));
    }
    let added = tokenizer.get_added_tokens_decoder();
    let mut texts = Strings::default();
    let mut kinds = Vec::new();
    for (id, text) in tokens {
        while kinds.len() < id as usize {
            texts.push("");
            kinds.push(TokenKind::Unused);
        }
        // Two texts may have the same id; the first is kept.
        if kinds.len() == id as usize {
            kinds.push(match added.get(&id) {
                Some(added) if added.special => TokenKind::Control,
                Some(_) => TokenKind::UserDefined,
                None if spelling == Spelling::SentencePiece && byte_of(&text).is_some() => TokenKind::Byte,
                None => TokenKind::Normal,
            });
            texts.push(&text);
        }
    }
    Ok(Vocabulary::new(texts, kinds))
}

/// The spelling of the vocabulary, which the file's decoder implies.
fn spelling(decoder: Option<&DecoderWrapper>) -> Result<Spelling> {
    let parts = match decoder {
        Some(DecoderWrapper::Sequence(sequence)) => sequence.get_decoders(),
        Some(decoder) => std::slice::from_ref(decoder),
        None => &[],
    };
    let spelling = parts.iter().find_map(|part| match part {
        DecoderWrapper::ByteLevel(_) => Some(Spelling::ByteLevel),
        DecoderWrapper::Metaspace(_) | DecoderWrapper::ByteFallback(_) | DecoderWrapper::Replace(_) => {
            Some(Spelling::SentencePiece)
        }
        DecoderWrapper::WordPiece(_) => Some(Spelling::WordPiece),
        _ => None,
    });
    spelling.ok_or_else(|| {
        unusable("its decoder is not supported (supported: ByteLevel, Metaspace, ByteFallback, Replace, WordPiece)")
    })
}

fn unusable(reason: impl std::fmt::Display) -> Error {
    Error::Tokenizer { reason: format!("tokenizer.json can't be used: {reason}") }
}
