//! A response of `/v1/responses` and its items, as far as they have come.

use serde_json::{Map, Value, json};
use wgslm::engine::{Engine, Summary, TokenLogprobs};
use wgslm::text::chat::{Answer, ChatFinishReason, Delta};

use super::{Head, ResponseFields, entry, id, usage};
use crate::fields::Fields;

/// An item of the output.
#[derive(Debug)]
pub(super) enum Item {
    Message { id: String, text: String, logprobs: Vec<Value> },
    Reasoning { id: String, text: String },
    Call { id: String, call_id: String, name: String, arguments: String },
}

impl Item {
    pub(super) fn id(&self) -> &str {
        match self {
            Self::Message { id, .. } | Self::Reasoning { id, .. } | Self::Call { id, .. } => id,
        }
    }

    /// The item with a status; without its content where it begins.
    pub(super) fn json(&self, status: &str) -> Value {
        match self {
            Self::Message { id, .. } => {
                let content = if status == "in_progress" { json!([]) } else { json!([self.part()]) };
                json!({ "id": id, "type": "message", "status": status, "role": "assistant", "content": content })
            }
            Self::Reasoning { id, text } => {
                let content = if status == "in_progress" {
                    json!([])
                } else {
                    json!([{ "type": "reasoning_text", "text": text }])
                };
                json!({ "id": id, "type": "reasoning", "status": status, "summary": [], "content": content })
            }
            Self::Call { id, call_id, name, arguments } => {
                let arguments = if status == "in_progress" { "" } else { arguments.as_str() };
                json!({ "id": id, "type": "function_call", "status": status, "call_id": call_id, "name": name, "arguments": arguments })
            }
        }
    }

    /// The part of a message's content.
    pub(super) fn part(&self) -> Value {
        match self {
            Self::Message { text, logprobs, .. } => {
                json!({ "type": "output_text", "text": text, "annotations": [], "logprobs": logprobs })
            }
            Self::Reasoning { text, .. } => json!({ "type": "reasoning_text", "text": text }),
            Self::Call { .. } => Value::Null,
        }
    }
}

/// A response that is being made.
pub(crate) struct Draft {
    head: Head,
    engine: Engine,
    /// The request's fields that a response repeats.
    echo: Map<String, Value>,
    pub(super) items: Vec<Item>,
    end: Option<(ChatFinishReason, Summary)>,
}

impl Draft {
    pub(super) fn new(head: Head, engine: &Engine, fields: &Fields, read: &ResponseFields) -> Self {
        let given = |name: &str, default: Value| (name.to_owned(), fields.get(name).cloned().unwrap_or(default));
        let mut echo = Map::from_iter([
            given("instructions", Value::Null),
            given("max_output_tokens", Value::Null),
            given("parallel_tool_calls", json!(true)),
            given("temperature", json!(1.0)),
            given("top_p", json!(1.0)),
            given("tool_choice", json!("auto")),
            given("tools", json!([])),
            given("text", json!({ "format": { "type": "text" } })),
            given("reasoning", json!({ "effort": null, "summary": null })),
            given("truncation", json!("disabled")),
        ]);
        echo.insert("metadata".to_owned(), Value::Object(read.metadata.clone()));
        // Nothing is kept.
        echo.insert("previous_response_id".to_owned(), Value::Null);
        echo.insert("store".to_owned(), json!(false));
        Self { head, engine: engine.clone(), echo, items: Vec::new(), end: None }
    }

    /// The item that a piece belongs to, by its place, and whether it begins with it; `None` for the end of a call.
    pub(super) fn place(&mut self, delta: &Delta) -> Option<(usize, bool)> {
        let goes_on = matches!(
            (delta, self.items.last()),
            (Delta::Content(_), Some(Item::Message { .. }))
                | (Delta::Reasoning(_), Some(Item::Reasoning { .. }))
                | (Delta::Arguments { .. } | Delta::ToolCallEnd { .. }, _)
        );
        let begins = !goes_on;
        if begins {
            self.items.push(match delta {
                Delta::Reasoning(_) => Item::Reasoning { id: id("rs_"), text: String::new() },
                Delta::ToolCall { id: call_id, name, .. } => {
                    let (id, call_id, name) = (id("fc_"), call_id.clone(), name.clone());
                    Item::Call { id, call_id, name, arguments: String::new() }
                }
                _ => Item::Message { id: id("msg_"), text: String::new(), logprobs: Vec::new() },
            });
        }
        Some((self.items.len().checked_sub(1)?, begins))
    }

    /// Adds a piece to the last item, and the tokens that came with it where they are a message's.
    pub(super) fn add(&mut self, delta: &Delta, tokens: &[(u32, TokenLogprobs)]) -> Vec<Value> {
        let entries: Vec<Value> = tokens.iter().map(|token| entry(&self.engine, token)).collect();
        match (self.items.last_mut(), delta) {
            (Some(Item::Message { text, logprobs, .. }), Delta::Content(piece)) => {
                text.push_str(piece);
                logprobs.extend_from_slice(&entries);
            }
            (Some(Item::Reasoning { text, .. }), Delta::Reasoning(piece)) => text.push_str(piece),
            (Some(Item::Call { arguments, .. }), Delta::Arguments { text, .. }) => arguments.push_str(text),
            _ => {}
        }
        entries
    }

    /// Ends the response.
    pub(super) fn end(&mut self, answer: &Answer, summary: Summary) {
        self.end = Some((answer.finish_reason, summary));
    }

    /// The response's status now.
    pub(super) fn status(&self) -> &'static str {
        match &self.end {
            None => "in_progress",
            Some((ChatFinishReason::Length, _)) => "incomplete",
            Some(_) => "completed",
        }
    }

    /// The response as it is now.
    pub(super) fn json(&self) -> Value {
        let Head { id, created, model } = &self.head;
        let status = self.status();
        let last = self.items.len().saturating_sub(1);
        let item = |(place, item): (usize, &Item)| item.json(if place == last { status } else { "completed" });
        let output: Vec<Value> =
            if self.end.is_some() { self.items.iter().enumerate().map(item).collect() } else { Vec::new() };
        let details = (status == "incomplete").then(|| json!({ "reason": "max_output_tokens" }));
        let mut body = json!({
            "id": id,
            "object": "response",
            "created_at": created,
            "status": status,
            "error": null,
            "incomplete_details": details,
            "model": model,
            "output": output,
            "usage": self.end.as_ref().map(|(_, summary)| tokens_of(summary)),
        });
        if let Value::Object(body) = &mut body {
            body.extend(self.echo.clone());
        }
        body
    }
}

/// The usage under the names that responses have.
fn tokens_of(summary: &Summary) -> Value {
    let usage = usage([std::slice::from_ref(summary)]);
    json!({
        "input_tokens": usage["prompt_tokens"],
        "input_tokens_details": usage["prompt_tokens_details"],
        "output_tokens": usage["completion_tokens"],
        "output_tokens_details": { "reasoning_tokens": 0 },
        "total_tokens": usage["total_tokens"],
    })
}
