//! Messages, and their contents in parts.

use std::fmt;

use serde::de::{SeqAccess, Visitor, value::SeqAccessDeserializer};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use super::ToolCall;
use crate::{Error, Result};

/// One message of a conversation; its serde form is that of OpenAI's API.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// The role of the speaker: `system`, `user`, `assistant`, `tool`, or another that the template knows.
    pub role: String,
    /// The content; `None` where an assistant only calls tools.
    #[serde(default)]
    pub content: Option<Content>,
    /// The reasoning that led an assistant to its content or its calls.
    #[serde(default, alias = "reasoning", skip_serializing_if = "Option::is_none")]
    pub reasoning_content: Option<String>,
    /// The tool calls of an assistant.
    #[serde(default, deserialize_with = "null_as_empty", skip_serializing_if = "Vec::is_empty")]
    pub tool_calls: Vec<ToolCall>,
    /// The id of the call that a `tool` message answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool_call_id: Option<String>,
    /// The name of the speaker, or of the tool whose result this is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Fields that only the template knows.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Message {
    /// A message of `role` that says `content`.
    #[must_use]
    pub fn new(role: impl Into<String>, content: impl Into<Content>) -> Self {
        Self { role: role.into(), content: Some(content.into()), ..Self::default() }
    }

    /// The result of the tool `name` that the call `tool_call_id` asked for.
    #[must_use]
    pub fn tool_result(tool_call_id: impl Into<String>, name: impl Into<String>, content: impl Into<Content>) -> Self {
        let (tool_call_id, name) = (Some(tool_call_id.into()), Some(name.into()));
        Self { tool_call_id, name, ..Self::new("tool", content) }
    }

    /// The message with `reasoning` before its content.
    #[must_use]
    pub fn with_reasoning(mut self, reasoning: impl Into<String>) -> Self {
        self.reasoning_content = Some(reasoning.into());
        self
    }

    /// The message with tool calls.
    #[must_use]
    pub fn with_tool_calls(mut self, calls: impl IntoIterator<Item = ToolCall>) -> Self {
        self.tool_calls.extend(calls);
        self
    }

    /// Adds `text` behind the content.
    pub(crate) fn add_text(&mut self, text: &str) {
        match self.content.get_or_insert_with(|| Content::from("")) {
            Content::Text(content) => content.push_str(text),
            Content::Parts(parts) => parts.push(Part::Text(text.to_owned())),
        }
    }

    /// The message with one more field that the template knows.
    #[must_use]
    pub fn with(mut self, field: impl Into<String>, value: impl Into<Value>) -> Self {
        self.other.insert(field.into(), value.into());
        self
    }
}

/// The content of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Content {
    /// A text.
    Text(String),
    /// Parts, one after the other.
    Parts(Vec<Part>),
}

/// A part of a message's content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Value", into = "Value")]
#[non_exhaustive]
pub enum Part {
    /// A text: `{"type": "text", "text": "..."}`.
    Text(String),
    /// A part of a kind that isn't supported, as it came. A message with such a part isn't rendered.
    Unsupported(Value),
}

impl Content {
    /// The texts of all parts, one line after the other where there are several, as llama.cpp and vLLM join them.
    ///
    /// # Errors
    /// [`Error::UnsupportedContent`] names the kind of a part that isn't text.
    pub fn text(&self) -> Result<String> {
        match self {
            Self::Text(text) => Ok(text.clone()),
            Self::Parts(parts) => Ok(parts.iter().map(Part::text).collect::<Result<Vec<_>>>()?.join("\n")),
        }
    }

    /// The parts, as templates that go through them want each.
    pub(super) fn parts(&self) -> Result<Value> {
        let part = |text: &str| Value::from(Part::Text(text.to_owned()));
        match self {
            Self::Text(text) => Ok(Value::Array(vec![part(text)])),
            Self::Parts(parts) => parts.iter().map(|each| each.text().map(part)).collect(),
        }
    }
}

impl Part {
    fn text(&self) -> Result<&str> {
        match self {
            Self::Text(text) => Ok(text),
            Self::Unsupported(part) => {
                let kind = part.get("type").and_then(Value::as_str).unwrap_or("without a type");
                Err(Error::UnsupportedContent { kind: kind.to_owned() })
            }
        }
    }
}

impl From<Value> for Part {
    fn from(part: Value) -> Self {
        match (part.get("type").and_then(Value::as_str), part.get("text").and_then(Value::as_str)) {
            (Some("text"), Some(text)) => Self::Text(text.to_owned()),
            _ => Self::Unsupported(part),
        }
    }
}

impl From<Part> for Value {
    fn from(part: Part) -> Self {
        match part {
            Part::Text(text) => serde_json::json!({ "type": "text", "text": text }),
            Part::Unsupported(part) => part,
        }
    }
}

impl From<String> for Content {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Content {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<&String> for Content {
    fn from(text: &String) -> Self {
        Self::Text(text.clone())
    }
}

impl From<Vec<Part>> for Content {
    fn from(parts: Vec<Part>) -> Self {
        Self::Parts(parts)
    }
}

impl<'de> Deserialize<'de> for Content {
    /// Reads a string or a list of parts; written by hand, so that the error of anything else says that.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct TextOrParts;
        impl<'de> Visitor<'de> for TextOrParts {
            type Value = Content;

            fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
                formatter.write_str(
                    "the content as a string or a list of parts such as {\"type\": \"text\", \"text\": \"...\"}",
                )
            }

            fn visit_str<E>(self, text: &str) -> std::result::Result<Content, E> {
                Ok(Content::from(text))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, parts: A) -> std::result::Result<Content, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(parts)).map(Content::Parts)
            }
        }
        deserializer.deserialize_any(TextOrParts)
    }
}

/// Reads a list that may be null.
pub(super) fn null_as_empty<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> std::result::Result<Vec<T>, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}
