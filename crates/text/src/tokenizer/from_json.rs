//! Builds a tokenizer of the files of a Hugging Face folder: `tokenizer.json`, which another crate runs, and `tokenizer_config.json`.

use std::fmt::{self, Debug};
use std::sync::{Arc, OnceLock};

use serde::Deserialize;

use super::fim::FillInMiddle;
use super::from_metadata::stop_tokens;
use super::json_description::Description;
use super::{Encoder, Special, Tokenizer};
use crate::{Error, Result};

/// A tokenizer that a `tokenizer.json` describes. Text is encoded by `wgslm-tokenizers`, natively or in its WebAssembly module; decoding
/// is done here, since the decoders of the library that it uses don't stream.
pub trait JsonTokenizer: Debug + Send + Sync {
    /// The description of the tokenizer in one buffer, as `wgslm-tokenizers` packs it.
    ///
    /// # Errors
    /// [`Error::Tokenizer`] where the file asks for what is not supported.
    fn describe(&self) -> Result<Vec<u8>>;

    /// The tokens of a text, without those that are put before and after it.
    ///
    /// # Errors
    /// [`Error::Tokenizer`] where the tokenizer fails.
    fn encode(&self, text: &str, special: Special) -> Result<Vec<u32>>;
}

/// A reader of `tokenizer.json`. The default one is `wgslm-tokenizers`, except in a browser, where another WebAssembly module has to
/// stand in for it.
pub struct JsonReader(Box<ReadJson>);

type ReadJson = dyn Fn(&[u8]) -> Result<Box<dyn JsonTokenizer>> + Send + Sync;

impl JsonReader {
    /// A reader that calls a function with the contents of a file.
    pub fn new(read: impl Fn(&[u8]) -> Result<Box<dyn JsonTokenizer>> + Send + Sync + 'static) -> Self {
        Self(Box::new(read))
    }

    pub(crate) fn read(&self, json: &[u8]) -> Result<Box<dyn JsonTokenizer>> {
        (self.0)(json)
    }
}

impl Default for JsonReader {
    #[cfg(not(target_arch = "wasm32"))]
    fn default() -> Self {
        Self::new(|json| Ok(Box::new(wgslm_tokenizers::JsonTokenizer::from_bytes(json)?)))
    }

    #[cfg(target_arch = "wasm32")]
    fn default() -> Self {
        let reason =
            "a tokenizer.json is read by the WebAssembly module wgslm_tokenizers, which wasn't given; load it first";
        Self::new(move |_| Err(Error::Tokenizer { reason: reason.to_owned() }))
    }
}

impl Debug for JsonReader {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("JsonReader").finish_non_exhaustive()
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl JsonTokenizer for wgslm_tokenizers::JsonTokenizer {
    fn describe(&self) -> Result<Vec<u8>> {
        Ok(self.describe()?)
    }

    fn encode(&self, text: &str, special: Special) -> Result<Vec<u32>> {
        Ok(self.encode(text, special == Special::Parse)?)
    }
}

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

/// The tokenizer of `json`, with the special tokens that `config` names.
pub(super) fn tokenizer(json: Box<dyn JsonTokenizer>, config: Option<&[u8]>) -> Result<Tokenizer> {
    let config: Config = match config {
        Some(config) => serde_json::from_slice(config)
            .map_err(|error| Error::Tokenizer { reason: format!("tokenizer_config.json can't be used: {error}") })?,
        None => Config::default(),
    };
    let Description { vocabulary, spelling, frame: (before, after) } = Description::unpack(&json.describe()?)?;
    let find = |token: &Option<NamedToken>| token.as_ref().and_then(|token| vocabulary.find(token.text()));
    let (bos, eos) = (find(&config.bos_token), find(&config.eos_token));
    let framed = |add: Option<bool>, named: Option<u32>, found: Option<u32>| match add {
        Some(true) => named.or(found),
        Some(false) => None,
        None => found,
    };
    let prompt_frame = (framed(config.add_bos_token, bos, before), framed(config.add_eos_token, eos, after));
    let fill_in_middle = FillInMiddle::find(&vocabulary, "", |_| Ok(None))?;
    let stop_tokens = stop_tokens([eos, None, None], &vocabulary, fill_in_middle.as_ref());
    let mut tokenizer = Tokenizer {
        vocabulary: Arc::new(vocabulary),
        encoder: Encoder::Json(json),
        spelling,
        space_prefix: false,
        bos: bos.or(before),
        eos,
        prompt_frame,
        pair_separator: None,
        stop_tokens,
        suppressed_tokens: Vec::new(),
        fill_in_middle,
        beginnings: OnceLock::new(),
    };
    tokenizer.space_prefix = tokenizer.decode(&tokenizer.encode("a", Special::Plain)?).starts_with(' ');
    Ok(tokenizer)
}
