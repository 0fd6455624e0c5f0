//! A model as its header describes it, before anything is on the device.

use wgslm_formats::gguf::{Strings, TensorInfo};
use wgslm_formats::source::ModelHeader;

use super::ModelSpec;
use super::tensors::{EMBEDDINGS, OUTPUT_HEAD};
use crate::Result;

/// The largest vocabulary accepted from a file.
const MAX_VOCABULARY: u64 = 1 << 24;

impl ModelSpec {
    /// The model of a header, whose tensors say whether it has an output head and how many tokens its vocabulary has.
    ///
    /// # Errors
    /// As [`Self::from_metadata`].
    pub fn from_header(header: &ModelHeader) -> Result<Self> {
        let mut spec = Self::from_metadata(&header.metadata)?;
        spec.tied_head = header.tensor(OUTPUT_HEAD).is_none();
        spec.vocabulary = vocabulary(&spec, header)?;
        Ok(spec)
    }
}

/// The vocabulary's size: the rows of the embedding table. Some files pad them beyond the tokenizer's tokens, to a round number,
/// and `vocab_size` may be either number.
fn vocabulary(spec: &ModelSpec, header: &ModelHeader) -> Result<u32> {
    let rows = header.tensor(EMBEDDINGS).map_or(0, TensorInfo::rows);
    let tokens = header.metadata.strings("tokenizer.ggml.tokens")?.map(Strings::len);
    let fits = tokens.is_some_and(|tokens| (tokens as u64..=MAX_VOCABULARY).contains(&rows));
    Ok(if fits { rows as u32 } else { spec.vocabulary })
}
