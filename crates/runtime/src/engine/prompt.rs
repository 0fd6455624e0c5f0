//! Prompts: what a caller has, as the tokens that the model is given.

use wgslm_text::{Error, Message};

use super::Engine;
use crate::Result;

/// A prompt in any of the forms that callers have it in.
#[derive(Clone, Debug)]
pub enum Prompt {
    /// A text to be continued, in which special tokens are read as such.
    Text(String),
    /// Tokens, taken as they are.
    Tokens(Vec<u32>),
    /// A conversation, which the model's chat template writes down up to where the assistant's next turn begins.
    Messages(Vec<Message>),
}

impl Engine {
    /// The tokens of a prompt, with those around a text that the model expects.
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

    /// A conversation as the model's chat template writes it down, up to where the assistant's next turn begins.
    ///
    /// # Errors
    /// [`Error::ChatTemplate`].
    pub fn chat_prompt(&self, messages: &[Message]) -> Result<String> {
        Ok(self.rendered(messages)?.text())
    }

    /// The same with the texts of messages told from what the template wrote, so that these are never read as special tokens.
    fn rendered(&self, messages: &[Message]) -> Result<wgslm_text::Prompt> {
        let template = self.model().chat_template()?.ok_or_else(|| Error::ChatTemplate {
            reason: "this model has none; give it a text to continue instead of a conversation".to_owned(),
        })?;
        Ok(template.render(messages, true)?)
    }
}
