//! The scores of tokens: `tokenizer.ggml.scores`.

use wgslm_formats::gguf::{Array, Metadata, Value};

use super::vocabulary::Vocabulary;
use crate::{Error, Result};

const KEY: &str = "tokenizer.ggml.scores";

/// Moves the scores out of the metadata, one for each token of `vocabulary`.
pub(super) fn take_from(metadata: &mut Metadata, vocabulary: &Vocabulary) -> Result<Vec<f32>> {
    match metadata.remove(KEY) {
        Some(Value::Array(Array::F32(scores))) if scores.len() == vocabulary.len() => Ok(scores),
        None => Err(Error::missing_metadata(KEY)),
        Some(_) => {
            let reason = format!("it should be a number for each of the {} tokens", vocabulary.len());
            Err(Error::invalid_metadata(KEY, reason))
        }
    }
}
