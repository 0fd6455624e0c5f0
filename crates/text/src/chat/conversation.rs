//! Conversations, and everything else in a chat request that a template and an answer's parser use.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value, json};

use super::{Content, Message, tool};
use crate::chat_template::Style;
use crate::{Error, Result};

/// A conversation, and everything else that a chat template may use; its serde form is that of OpenAI's API and of vLLM's
/// extensions to it.
///
/// Its texts are plain text: control tokens that they spell don't count in the prompt.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conversation {
    /// The messages so far.
    pub messages: Vec<Message>,
    /// The tools that the model may call, each as OpenAI's API has it:
    /// `{"type": "function", "function": {"name", "description", "parameters"}}`, `parameters` being a JSON schema.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tools: Option<Vec<Value>>,
    /// The documents that the answer may draw on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub documents: Option<Vec<Value>>,
    /// The tools that the answer may or must call.
    #[serde(default, skip_serializing_if = "ToolChoice::is_auto")]
    pub tool_choice: ToolChoice,
    /// False if an answer may call at most one tool.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parallel_tool_calls: Option<bool>,
    /// True if the model should reason before it answers, false if not: the template's `enable_thinking`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enable_thinking: Option<bool>,
    /// The effort of reasoning, such as `low`: the template's `reasoning_effort`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasoning_effort: Option<String>,
    /// More variables of the template. They take precedence over all that are made from the fields above.
    #[serde(default, rename = "chat_template_kwargs", skip_serializing_if = "Map::is_empty")]
    pub variables: Map<String, Value>,
    /// True if the prompt ends where the assistant's answer begins; a request that doesn't say means so.
    #[serde(default = "yes")]
    pub add_generation_prompt: bool,
}

fn yes() -> bool {
    true
}

impl Conversation {
    /// The tools that the answer may call, as a template and a parser are given them: none if the choice is `none`.
    #[must_use]
    pub fn callable_tools(&self) -> &[Value] {
        match self.tool_choice {
            ToolChoice::None => &[],
            _ => self.tools.as_deref().unwrap_or_default(),
        }
    }

    /// Checks that each tool is a function with a name, and that the tool to be called is among them.
    ///
    /// # Errors
    /// [`Error::Tool`] names what is wrong.
    pub fn check_tools(&self) -> Result<()> {
        let tools = self.tools.as_deref().unwrap_or_default();
        for (index, tool) in tools.iter().enumerate() {
            if tool::name(tool).is_none_or(str::is_empty) {
                let reason = format!(
                    "tools[{index}] has no function.name; give {{\"type\": \"function\", \"function\": {{\"name\": ...}}}}"
                );
                return Err(Error::Tool { reason });
            }
        }
        match &self.tool_choice {
            ToolChoice::Function(name) if tool::find(tools, name).is_none() => {
                Err(Error::Tool { reason: format!("tool_choice names {name:?}, which is not among the tools") })
            }
            ToolChoice::Required if tools.is_empty() => {
                Err(Error::Tool { reason: "tool_choice is \"required\", but there are no tools".to_owned() })
            }
            _ => Ok(()),
        }
    }

    /// The template's variables, except those of the tokenizer, in the style that it wants.
    pub(crate) fn variables(&self, style: &Style) -> Result<Map<String, Value>> {
        let list = |items: &Option<Vec<Value>>| items.clone().map_or(Value::Null, Value::Array);
        let tools = if self.tool_choice == ToolChoice::None { &None } else { &self.tools };
        let messages = self.messages.iter().map(|message| fields(message, style)).collect::<Result<_>>()?;
        let mut variables = Map::new();
        let mut set = |name: &str, value| variables.insert(name.to_owned(), value);
        set("messages", Value::Array(messages));
        // Templates ask whether these are none, not whether they are defined.
        set("tools", list(tools));
        set("documents", list(&self.documents));
        set("add_generation_prompt", Value::Bool(self.add_generation_prompt));
        if let Some(enabled) = self.enable_thinking {
            set("enable_thinking", Value::Bool(enabled));
        }
        if let Some(effort) = &self.reasoning_effort {
            set("reasoning_effort", Value::String(effort.clone()));
        }
        if let Some(parallel) = self.parallel_tool_calls {
            set("parallel_tool_calls", Value::Bool(parallel));
        }
        variables.extend(self.variables.clone());
        Ok(variables)
    }
}

/// The message as a template of this style wants it.
fn fields(message: &Message, style: &Style) -> Result<Value> {
    let mut fields = Map::new();
    let mut set = |name: &str, value: Value| fields.insert(name.to_owned(), value);
    set("role", Value::String(message.role.clone()));
    let content =
        message.content.as_ref().or((!style.content_may_be_none).then_some(const { &Content::Text(String::new()) }));
    match content {
        Some(content) if style.content_in_parts => set("content", content.parts()?),
        Some(content) => set("content", Value::String(content.text()?)),
        None => set("content", Value::Null),
    };
    if let Some(reasoning) = &message.reasoning_content {
        set("reasoning_content", Value::String(reasoning.clone()));
        if style.reads_thinking {
            set("thinking", Value::String(reasoning.clone()));
        }
    }
    if !message.tool_calls.is_empty() {
        let call = |call: &super::ToolCall| {
            let arguments = Value::Object(call.arguments()?);
            let text = || Value::String(arguments.to_string());
            Ok(call.with_arguments(&if style.arguments_as_text { text() } else { arguments.clone() }))
        };
        set("tool_calls", message.tool_calls.iter().map(call).collect::<Result<_>>()?);
    }
    for (name, value) in [("tool_call_id", &message.tool_call_id), ("name", &message.name)] {
        if let Some(value) = value {
            set(name, Value::String(value.clone()));
        }
    }
    fields.extend(message.other.clone());
    Ok(Value::Object(fields))
}

/// The tools that an answer may or must call: OpenAI's `tool_choice`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ToolChoice {
    /// The model decides.
    #[default]
    Auto,
    /// No tool: the template isn't told of any.
    None,
    /// At least one tool.
    Required,
    /// The tool of this name.
    Function(String),
}

impl ToolChoice {
    fn is_auto(&self) -> bool {
        *self == Self::Auto
    }
}

impl Serialize for ToolChoice {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        match self {
            Self::Auto => serializer.serialize_str("auto"),
            Self::None => serializer.serialize_str("none"),
            Self::Required => serializer.serialize_str("required"),
            Self::Function(name) => json!({ "type": "function", "function": { "name": name } }).serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for ToolChoice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let choice = Value::deserialize(deserializer)?;
        match choice.as_str() {
            Some("auto") => return Ok(Self::Auto),
            Some("none") => return Ok(Self::None),
            Some("required") => return Ok(Self::Required),
            _ => {}
        }
        tool::name(&choice).map(|name| Self::Function(name.to_owned())).ok_or_else(|| {
            serde::de::Error::custom(
                "tool_choice must be \"auto\", \"none\", \"required\" or {\"type\": \"function\", \"function\": {\"name\": ...}}",
            )
        })
    }
}
