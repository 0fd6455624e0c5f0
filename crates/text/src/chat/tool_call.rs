//! Tool calls: on the wire their arguments are a string of JSON, and in a template a mapping.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{Error, Result};

/// A call of a tool by an assistant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Wire", into = "Wire")]
pub struct ToolCall {
    /// The id that the tool's result refers to.
    pub id: String,
    /// The name of the tool.
    pub name: String,
    /// The arguments: a JSON object as text. A model may write text that is no JSON, and an answer may end inside of it.
    pub arguments: String,
}

impl ToolCall {
    /// A call of the tool `name` with the JSON object `arguments`.
    #[must_use]
    pub fn new(id: impl Into<String>, name: impl Into<String>, arguments: impl Into<String>) -> Self {
        Self { id: id.into(), name: name.into(), arguments: arguments.into() }
    }

    /// The arguments by name; none where the text is empty, as some clients leave it.
    ///
    /// # Errors
    /// [`Error::ToolArguments`] where the text is no JSON object.
    pub fn arguments(&self) -> Result<Map<String, Value>> {
        if self.arguments.trim().is_empty() {
            return Ok(Map::new());
        }
        serde_json::from_str(&self.arguments)
            .map_err(|error| Error::ToolArguments { tool: self.name.clone(), reason: error.to_string() })
    }

    /// The call as OpenAI's API has it, but for the form of its arguments.
    pub(super) fn with_arguments(&self, arguments: &Value) -> Value {
        json!({ "id": self.id, "type": "function", "function": { "name": self.name, "arguments": arguments } })
    }
}

/// The form on the wire.
#[derive(Serialize, Deserialize)]
struct Wire {
    #[serde(default)]
    id: String,
    #[serde(rename = "type", default)]
    kind: Kind,
    function: Function,
}

/// The kinds of tool: functions only.
#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    #[default]
    Function,
}

#[derive(Serialize, Deserialize)]
struct Function {
    name: String,
    #[serde(default)]
    arguments: Arguments,
}

/// A string of JSON; some clients send the object itself.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Arguments {
    Text(String),
    Object(Map<String, Value>),
}

impl Default for Arguments {
    fn default() -> Self {
        Self::Text(String::new())
    }
}

impl From<Wire> for ToolCall {
    fn from(Wire { id, function, .. }: Wire) -> Self {
        let arguments = match function.arguments {
            Arguments::Text(text) => text,
            Arguments::Object(object) => Value::Object(object).to_string(),
        };
        Self { id, name: function.name, arguments }
    }
}

impl From<ToolCall> for Wire {
    fn from(ToolCall { id, name, arguments }: ToolCall) -> Self {
        Self { id, kind: Kind::Function, function: Function { name, arguments: Arguments::Text(arguments) } }
    }
}
