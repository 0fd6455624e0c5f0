//! The fields of a request to `/v1/responses`, read as a conversation.

use serde::Deserialize;
use serde_json::{Map, Value, json};
use wgslm::text::chat::{Content, Conversation, Message, ToolCall};

use super::ResponseFormat;
use crate::api_error::{ApiError, ApiResult};
use crate::fields::Fields;

/// The fields of a request.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ResponseFields {
    pub(crate) stream: bool,
    pub(crate) instructions: Option<String>,
    pub(crate) max_output_tokens: Option<u32>,
    pub(crate) parallel_tool_calls: Option<bool>,
    pub(crate) tools: Vec<Value>,
    pub(crate) tool_choice: Option<Value>,
    pub(crate) text: TextField,
    pub(crate) metadata: Map<String, Value>,
    reasoning: ReasoningField,
    chat_template_kwargs: Map<String, Value>,
}

/// The form of the text.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct TextField {
    pub(crate) format: Option<ResponseFormat>,
}

/// The effort of reasoning.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ReasoningField {
    effort: Option<String>,
}

impl ResponseFields {
    /// The conversation that these fields and the field `input` make.
    ///
    /// # Errors
    /// One that names the field which can't be used.
    pub(crate) fn conversation(&self, fields: &Fields) -> ApiResult<Conversation> {
        let mut messages = Vec::new();
        messages.extend(self.instructions.as_ref().map(|text| Message::new("system", text)));
        match fields.get("input") {
            Some(Value::String(text)) => messages.push(Message::new("user", text)),
            Some(Value::Array(items)) => {
                for (index, item) in items.iter().enumerate() {
                    let wrong =
                        |reason: &str| ApiError::wrong(&format!("input[{index}]"), format!("input[{index}] {reason}"));
                    take(item, &mut messages).map_err(|reason| wrong(&reason))?;
                }
            }
            _ => {
                return Err(ApiError::wrong(
                    "input",
                    "input is missing or not usable; it should be a string or an array of items",
                ));
            }
        }
        let choice = self.tool_choice.as_ref().map(nested_choice);
        let mut conversation = json!({
            "messages": [],
            "tools": self.tools.iter().map(nested).collect::<Vec<_>>(),
            "chat_template_kwargs": self.chat_template_kwargs,
        });
        if self.tools.is_empty() {
            conversation["tools"] = Value::Null;
        }
        if let Some(choice) = choice {
            conversation["tool_choice"] = choice;
        }
        let conversation = serde_json::from_value(conversation);
        let conversation: Conversation = conversation
            .map_err(|error| ApiError::wrong("tool_choice", format!("tool_choice is not usable: {error}")))?;
        let (parallel_tool_calls, reasoning_effort) = (self.parallel_tool_calls, self.reasoning.effort.clone());
        Ok(Conversation { messages, parallel_tool_calls, reasoning_effort, ..conversation })
    }
}

/// A tool as chats have it: responses have the function's fields beside the type.
fn nested(tool: &Value) -> Value {
    match tool.get("function") {
        None if tool.get("name").is_some() => json!({ "type": "function", "function": tool }),
        _ => tool.clone(),
    }
}

fn nested_choice(choice: &Value) -> Value {
    if choice.is_object() { nested(choice) } else { choice.clone() }
}

/// Adds an item of the input to the messages.
fn take(item: &Value, messages: &mut Vec<Message>) -> Result<(), String> {
    let text = |name: &str| item.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    match item.get("type").and_then(Value::as_str).unwrap_or("message") {
        "message" => {
            let content = item.get("content").ok_or("has no content")?;
            if text("role").is_empty() {
                return Err("has no role".to_owned());
            }
            messages.push(Message { role: text("role"), content: Some(content_of(content)?), ..Message::default() });
        }
        "function_call" => {
            let call = ToolCall::new(text("call_id"), text("name"), text("arguments"));
            match messages.last_mut().filter(|last| last.role == "assistant") {
                Some(last) => last.tool_calls.push(call),
                None => messages.push(Message {
                    role: "assistant".to_owned(),
                    tool_calls: vec![call],
                    ..Message::default()
                }),
            }
        }
        "function_call_output" => {
            let id = text("call_id");
            let calls = messages.iter().flat_map(|message| &message.tool_calls);
            let name = calls.into_iter().find(|call| call.id == id).map(|call| call.name.clone()).unwrap_or_default();
            let output = item.get("output").ok_or("has no output")?;
            messages.push(Message::tool_result(id, name, content_of(output)?));
        }
        // What a response has said of its reasoning is no part of the next prompt.
        "reasoning" => {}
        kind => {
            return Err(format!(
                "has the type {kind:?}, which is not supported; send messages, calls and their outputs"
            ));
        }
    }
    Ok(())
}

/// A content: a text, or parts of text.
fn content_of(content: &Value) -> Result<Content, String> {
    match content {
        Value::String(text) => Ok(Content::from(text)),
        Value::Array(parts) => {
            let part = |part: &Value| {
                let text = part.get("text").and_then(Value::as_str);
                match part.get("type").and_then(Value::as_str) {
                    Some("input_text" | "output_text" | "text") if text.is_some() => {
                        Ok(wgslm::text::chat::Part::Text(text.unwrap_or_default().to_owned()))
                    }
                    kind => Err(format!(
                        "has a part of the type {:?}, which is not supported; send text parts only",
                        kind.unwrap_or("")
                    )),
                }
            };
            parts.iter().map(part).collect::<Result<Vec<_>, _>>().map(Content::from)
        }
        _ => Err("has a content that is neither a string nor an array of parts".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(input: &Value) -> Result<Vec<Message>, String> {
        let Value::Object(map) = json!({ "input": input, "instructions": "be brief" }) else { unreachable!() };
        let fields = Fields::from(map);
        let read: ResponseFields = fields.read().expect("they are right");
        let conversation = read.conversation(&fields).map_err(|error| error.body()["error"]["param"].to_string())?;
        Ok(conversation.messages)
    }

    #[test]
    fn items_become_messages() {
        let found = messages(&json!([
            { "role": "user", "content": [{ "type": "input_text", "text": "hi" }] },
            { "type": "reasoning", "summary": [] },
            { "type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}" },
            { "type": "function_call_output", "call_id": "c1", "output": "7" },
        ]));
        let found = found.expect("they are right");
        let roles: Vec<_> = found.iter().map(|message| message.role.as_str()).collect();
        assert_eq!(roles, ["system", "user", "assistant", "tool"]);
        assert_eq!(found[2].tool_calls, [ToolCall::new("c1", "f", "{}")]);
        assert_eq!((found[3].name.as_deref(), found[3].tool_call_id.as_deref()), (Some("f"), Some("c1")));
    }

    #[test]
    fn an_item_that_cannot_be_used_is_named() {
        for (input, param) in [
            (json!([{ "role": "user", "content": [{ "type": "input_image", "image_url": "x" }] }]), "\"input[0]\""),
            (json!([{ "role": "user", "content": "a" }, { "type": "item_reference", "id": "x" }]), "\"input[1]\""),
            (json!(7), "\"input\""),
        ] {
            assert_eq!(messages(&input).expect_err("it can't be used"), param, "{input}");
        }
    }
}
