//! Prompts: text, tokens or a conversation, turned into the model's tokens.

use wgslm_text::{ChatTemplate, Error, Message};

use super::Engine;
use crate::Result;

/// A prompt: a text, tokens or a conversation.
#[derive(Clone, Debug)]
pub enum Prompt {
    /// A text to be continued, in which special tokens are parsed.
    Text(String),
    /// Tokens, taken as they are.
    Tokens(Vec<u32>),
    /// A conversation, which the model's chat template renders up to the beginning of the assistant's next turn.
    Messages(Vec<Message>),
}

impl Engine {
    /// The tokens of a prompt, with the special tokens that the model expects around a text.
    ///
    /// # Errors
    /// [`Error::ChatTemplate`] where there is none for a conversation or it fails, [`Error::Tokenizer`].
    pub fn prompt_tokens(&self, prompt: &Prompt) -> Result<Vec<u32>> {
        match prompt {
            Prompt::Text(text) => Ok(self.model().tokenizer()?.encode_prompt(text)?),
            Prompt::Tokens(tokens) => Ok(tokens.clone()),
            Prompt::Messages(messages) => Ok(self.model().tokenizer()?.encode_chat(&self.rendered(messages)?)?),
        }
    }

    /// A conversation rendered by the model's chat template, up to the beginning of the assistant's next turn.
    ///
    /// # Errors
    /// [`Error::ChatTemplate`].
    pub fn chat_prompt(&self, messages: &[Message]) -> Result<String> {
        Ok(self.rendered(messages)?.text())
    }

    /// A rendered conversation that keeps the messages' texts apart from the template's own, so that user text is never parsed as
    /// special tokens.
    fn rendered(&self, messages: &[Message]) -> Result<wgslm_text::Prompt> {
        Ok(self.chat_template()?.render(messages, true)?)
    }

    /// The model's chat template.
    pub(super) fn chat_template(&self) -> Result<&ChatTemplate> {
        let none = || Error::ChatTemplate {
            reason: "this model has none; give it a text to continue instead of a conversation".to_owned(),
        };
        Ok(self.model().chat_template()?.ok_or_else(none)?)
    }
}
