//! Messages, and everything else that a chat template renders.

use serde_json::{Map, Value};

/// One message of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    fields: Map<String, Value>,
}

impl Message {
    /// A message of `role` (`system`, `user`, `assistant`, or another that the template knows) that says `content`.
    #[must_use]
    pub fn new(role: impl Into<String>, content: impl Into<String>) -> Self {
        let fields = [("role", role.into()), ("content", content.into())];
        Self { fields: fields.into_iter().map(|(key, text)| (key.to_owned(), Value::String(text))).collect() }
    }

    /// The message with one more field, such as `tool_calls` or `name`, or with another `content`.
    #[must_use]
    pub fn with(mut self, field: impl Into<String>, value: impl Into<Value>) -> Self {
        self.fields.insert(field.into(), value.into());
        self
    }
}

impl From<Map<String, Value>> for Message {
    /// The message of these fields, as in a request to OpenAI's API.
    fn from(fields: Map<String, Value>) -> Self {
        Self { fields }
    }
}

/// A conversation, and everything else that a chat template may use.
///
/// Its texts are plain text: control tokens that they spell don't count in the prompt.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conversation {
    /// The messages so far.
    pub messages: Vec<Message>,
    /// The tools that the model may call, each as its JSON schema.
    pub tools: Option<Vec<Value>>,
    /// The documents that the answer may draw on.
    pub documents: Option<Vec<Value>>,
    /// More variables of the template, such as `enable_thinking`.
    pub variables: Map<String, Value>,
    /// True if the prompt ends where the assistant's answer begins.
    pub add_generation_prompt: bool,
}

impl Conversation {
    /// The template's variables, except those of the tokenizer.
    pub(super) fn variables(&self) -> Map<String, Value> {
        let list = |items: &Option<Vec<Value>>| items.clone().map_or(Value::Null, Value::Array);
        let messages = self.messages.iter().map(|message| Value::Object(message.fields.clone())).collect();
        let mut variables = Map::new();
        variables.insert("messages".to_owned(), Value::Array(messages));
        // Templates ask whether these are none, not whether they are defined.
        variables.insert("tools".to_owned(), list(&self.tools));
        variables.insert("documents".to_owned(), list(&self.documents));
        variables.insert("add_generation_prompt".to_owned(), Value::Bool(self.add_generation_prompt));
        variables.extend(self.variables.clone());
        variables
    }
}
