//! Builds tokenizers and chat templates from the header of a model, whatever the format of its files.

use wgslm_formats::source::{Format, ModelHeader, TokenizerFiles};

use crate::{ChatTemplate, Error, JsonReader, Result, Tokenizer};

impl Tokenizer {
    /// Builds the tokenizer of a model. Its data is moved out of the header, so that it isn't held twice.
    ///
    /// # Errors
    /// As [`Self::from_metadata`] and [`Self::from_json`].
    pub fn take_from(header: &mut ModelHeader) -> Result<Self> {
        Self::take_from_with(&JsonReader::default(), header)
    }

    /// Builds the tokenizer as [`Self::take_from`] does, with another reader of `tokenizer.json`.
    ///
    /// # Errors
    /// As [`Self::take_from`].
    pub fn take_from_with(reader: &JsonReader, header: &mut ModelHeader) -> Result<Self> {
        match &mut header.tokenizer {
            None if header.format == Format::HuggingFace => Err(Error::Tokenizer {
                reason: "the folder has no tokenizer.json; put it beside config.json".to_owned(),
            }),
            None => Self::from_metadata(&mut header.metadata),
            Some(files) => {
                let json = std::mem::take(&mut files.tokenizer);
                let mut tokenizer = Self::from_json_with(reader, &json, files.config.as_deref())?;
                tokenizer.add_stop_tokens(&files.stop_tokens);
                tokenizer.add_suppressed_tokens(&files.suppressed_tokens);
                Ok(tokenizer)
            }
        }
    }
}

impl ChatTemplate {
    /// The chat template of a model, if it has one.
    ///
    /// # Errors
    /// As [`Self::from_metadata`] and [`Self::from_config`].
    pub fn from_header(header: &ModelHeader, tokenizer: &Tokenizer) -> Result<Option<Self>> {
        match &header.tokenizer {
            None => Self::from_metadata(&header.metadata, tokenizer),
            Some(TokenizerFiles { chat_template: Some(template), .. }) => {
                Self::for_tokenizer(template, tokenizer).map(Some)
            }
            Some(TokenizerFiles { config: Some(config), .. }) => Self::from_config(config, tokenizer),
            Some(_) => Ok(None),
        }
    }
}
