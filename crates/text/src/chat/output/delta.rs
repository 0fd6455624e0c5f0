//! The pieces of an answer, as they come.

use serde::{Serialize, Serializer};
use serde_json::{Value, json};

/// A piece of an answer; its serde form is a `delta` of OpenAI's API.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Delta {
    /// Text of the answer.
    Content(String),
    /// Text of the reasoning.
    Reasoning(String),
    /// A tool call begins.
    ToolCall {
        /// The number of calls before it.
        index: usize,
        /// Its id.
        id: String,
        /// The name of the tool.
        name: String,
    },
    /// A piece of the JSON of a call's arguments.
    Arguments {
        /// The number of calls before this one.
        index: usize,
        /// The piece.
        text: String,
    },
    /// A tool call ends.
    ToolCallEnd {
        /// The number of calls before it.
        index: usize,
        /// False if the answer ended, or left the format, inside of the call.
        complete: bool,
    },
}

impl Serialize for Delta {
    /// Writes the delta; the end of a call, which OpenAI's API doesn't announce, is an empty one.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let call = |call: Value| json!({ "tool_calls": [call] });
        match self {
            Self::Content(text) => json!({ "content": text }),
            Self::Reasoning(text) => json!({ "reasoning_content": text }),
            Self::ToolCall { index, id, name } => {
                let function = json!({ "name": name, "arguments": "" });
                call(json!({ "index": index, "id": id, "type": "function", "function": function }))
            }
            Self::Arguments { index, text } => call(json!({ "index": index, "function": { "arguments": text } })),
            Self::ToolCallEnd { .. } => json!({}),
        }
        .serialize(serializer)
    }
}
