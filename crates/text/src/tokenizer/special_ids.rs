//! The ids of special tokens in GGUF metadata.

use wgslm_formats::gguf::{Metadata, Value};

use super::vocabulary::Vocabulary;
use crate::{Error, Result};

/// The key of a special token's id in the metadata.
pub(super) fn id_key(name: &str) -> String {
    format!("tokenizer.ggml.{name}_token_id")
}

/// The token of the id at `tokenizer.ggml.<name>_token_id`. An id outside the vocabulary, as some published files have, is
/// ignored with a warning.
pub(super) fn special_token(metadata: &Metadata, vocabulary: &Vocabulary, name: &str) -> Result<Option<u32>> {
    let key = id_key(name);
    let number = match metadata.get(&key) {
        None => return Ok(None),
        Some(Value::U64(number)) => u32::try_from(*number).ok(),
        Some(Value::I64(number)) => u32::try_from(*number).ok(),
        Some(_) => return Err(Error::invalid_metadata(&key, "it should be the id of a token".to_owned())),
    };
    let token = number.filter(|&token| vocabulary.text(token).is_some());
    if token.is_none() {
        tracing::warn!(
            key,
            tokens = vocabulary.len(),
            "no token has the id of this special token; the default is taken"
        );
    }
    Ok(token)
}

/// The tokens that must never be chosen, each once; those outside the vocabulary are left out.
pub(super) fn suppressed_tokens(metadata: &Metadata, vocabulary: &Vocabulary) -> Result<Vec<u32>> {
    let numbers = metadata.integers("tokenizer.ggml.suppress_tokens")?.unwrap_or_default();
    let mut tokens = Vec::new();
    add_tokens(&mut tokens, numbers.iter().filter_map(|&number| u32::try_from(number).ok()), vocabulary);
    Ok(tokens)
}

/// Appends those of `more` that are in `vocabulary` and not yet in `tokens`.
pub(super) fn add_tokens(tokens: &mut Vec<u32>, more: impl IntoIterator<Item = u32>, vocabulary: &Vocabulary) {
    for token in more {
        if vocabulary.text(token).is_some() && !tokens.contains(&token) {
            tokens.push(token);
        }
    }
}
