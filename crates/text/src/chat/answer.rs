//! The whole message that an answer becomes.

use serde::{Deserialize, Serialize};

use super::{Content, Delta, Message, ToolCall};

/// The reason why an answer ended, as OpenAI's API names it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ChatFinishReason {
    /// The model or a stop string ended it.
    #[default]
    Stop,
    /// A limit of tokens ended it.
    Length,
    /// The model called tools and waits for their results.
    ToolCalls,
}

/// An answer in the shape of a choice of OpenAI's API.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The assistant's message, ready to be added to the conversation.
    pub message: Message,
    /// The reason for its end.
    pub finish_reason: ChatFinishReason,
    /// True if the last tool call was cut off, so that its arguments are no whole JSON object.
    #[serde(skip)]
    pub unfinished_call: bool,
}

impl Answer {
    /// An answer without any text yet.
    #[must_use]
    pub fn new() -> Self {
        Self { message: Message { role: "assistant".to_owned(), ..Message::default() }, ..Self::default() }
    }

    /// Adds what has come of the answer.
    pub fn push(&mut self, delta: &Delta) {
        let message = &mut self.message;
        match delta {
            Delta::Content(text) => match &mut message.content {
                Some(Content::Text(content)) => content.push_str(text),
                content => *content = Some(Content::Text(text.clone())),
            },
            Delta::Reasoning(text) => message.reasoning_content.get_or_insert_default().push_str(text),
            Delta::ToolCall { id, name, .. } => {
                message.tool_calls.push(ToolCall::new(id.as_str(), name.as_str(), ""));
                self.finish_reason = ChatFinishReason::ToolCalls;
            }
            Delta::Arguments { index, text } => {
                if let Some(call) = message.tool_calls.get_mut(*index) {
                    call.arguments.push_str(text);
                }
            }
            Delta::ToolCallEnd { complete, .. } => self.unfinished_call |= !complete,
        }
    }

    /// The answer, whose end is a limit of tokens if `limited`. Where it neither says nor calls anything, its content is empty
    /// rather than missing.
    #[must_use]
    pub fn finish(mut self, limited: bool) -> Self {
        if limited {
            self.finish_reason = ChatFinishReason::Length;
        }
        if self.message.tool_calls.is_empty() {
            self.message.content.get_or_insert_with(|| Content::from(""));
        }
        self
    }
}
