//! The parts of a model that have to do with text: its tokenizer and its templates.

use std::sync::Arc;

use wgslm_formats::source::ModelHeader;
use wgslm_text::{ChatTemplate, JsonReader, RankingTemplate, Tokenizer};

use crate::Result;

/// A model's tokenizer and templates, or the reasons why there are none.
pub(crate) struct Texts {
    pub(super) tokenizer: std::result::Result<Arc<Tokenizer>, String>,
    pub(super) chat_template: std::result::Result<Option<ChatTemplate>, String>,
    pub(super) ranking_template: Option<RankingTemplate>,
}

impl Texts {
    /// Those of a model that will see no text.
    pub(crate) fn none() -> Self {
        let unread = || "it has not been read".to_owned();
        Self { tokenizer: Err(unread()), chat_template: Err(unread()), ranking_template: None }
    }

    /// Takes them out of a header.
    ///
    /// # Errors
    /// As [`RankingTemplate::from_metadata`].
    pub(crate) fn take_from(json_reader: &JsonReader, header: &mut ModelHeader) -> Result<Self> {
        let tokenizer = Tokenizer::take_from_with(json_reader, header);
        let tokenizer = tokenizer.map(Arc::new).map_err(|error| reason(&error));
        let chat_template = match &tokenizer {
            Ok(tokenizer) => ChatTemplate::from_header(header, tokenizer).map_err(|error| reason(&error)),
            Err(reason) => Err(reason.clone()),
        };
        let ranking_template = RankingTemplate::from_metadata(&header.metadata)?;
        Ok(Self { tokenizer, chat_template, ranking_template })
    }
}

/// The reason of an error, without the words before it, which the error made from it adds again.
fn reason(error: &wgslm_text::Error) -> String {
    match error {
        wgslm_text::Error::Tokenizer { reason } | wgslm_text::Error::ChatTemplate { reason } => reason.clone(),
        other => other.to_string(),
    }
}
