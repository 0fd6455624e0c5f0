//! A response of `/v1/responses`, whole and as events.

use axum::response::sse::Event;
use serde_json::{Value, json};
use wgslm::engine::Engine;
use wgslm::text::chat::Delta;

use super::responses::{Draft, Item};
use super::{Head, ResponseFields};
use crate::answers::{ChatStep, ChatStepKind};
use crate::fields::Fields;
use crate::sse::StreamWriter;

/// Writes a response.
pub(crate) struct ResponseWriter {
    draft: Draft,
    /// The number of the next event.
    number: u64,
    /// The place of the item under way.
    open: Option<usize>,
}

impl ResponseWriter {
    pub(crate) fn new(head: Head, engine: &Engine, fields: &Fields, read: &ResponseFields) -> Self {
        Self { draft: Draft::new(head, engine, fields, read), number: 0, open: None }
    }

    /// The whole response.
    pub(crate) fn whole(&self) -> Value {
        self.draft.json()
    }

    fn event(&mut self, kind: &str, mut body: Value) -> Event {
        body["type"] = json!(kind);
        body["sequence_number"] = json!(self.number);
        self.number += 1;
        Event::default().event(kind).data(body.to_string())
    }

    /// An event of an item's part.
    fn part_event(&mut self, kind: &str, place: usize, more: &Value) -> Event {
        let mut body = json!({ "item_id": self.draft.items[place].id(), "output_index": place, "content_index": 0 });
        if let (Some(body), Some(more)) = (body.as_object_mut(), more.as_object()) {
            body.extend(more.clone());
        }
        self.event(kind, body)
    }

    /// The events that begin an item.
    fn begin_item(&mut self, place: usize) -> Vec<Event> {
        self.open = Some(place);
        let item = self.draft.items[place].json("in_progress");
        let mut events = vec![self.event("response.output_item.added", json!({ "output_index": place, "item": item }))];
        match &self.draft.items[place] {
            Item::Call { .. } => {}
            item => {
                let part = item.part();
                events.push(self.part_event("response.content_part.added", place, &json!({ "part": part })));
            }
        }
        events
    }

    /// The events that end the item under way.
    fn end_item(&mut self, status: &str) -> Vec<Event> {
        let Some(place) = self.open.take() else { return Vec::new() };
        let item = &self.draft.items[place];
        let (whole, part) = (item.json(status), item.part());
        let done = match item {
            Item::Message { text, logprobs, .. } => {
                ("response.output_text.done", json!({ "text": text, "logprobs": logprobs }))
            }
            Item::Reasoning { text, .. } => ("response.reasoning_text.done", json!({ "text": text })),
            Item::Call { name, arguments, .. } => {
                ("response.function_call_arguments.done", json!({ "name": name, "arguments": arguments }))
            }
        };
        let is_call = matches!(item, Item::Call { .. });
        let mut events = vec![self.part_event(done.0, place, &done.1)];
        if !is_call {
            events.push(self.part_event("response.content_part.done", place, &json!({ "part": part })));
        }
        events.push(self.event("response.output_item.done", json!({ "output_index": place, "item": whole })));
        events
    }

    fn delta(&mut self, delta: &Delta, step: &ChatStep) -> Vec<Event> {
        let Some((place, begins)) = self.draft.place(delta) else { return Vec::new() };
        let mut events = if begins { self.end_item("completed") } else { Vec::new() };
        if begins {
            events.extend(self.begin_item(place));
        }
        let logprobs = self.draft.add(delta, &step.logprobs);
        let (kind, more) = match delta {
            Delta::Content(text) => ("response.output_text.delta", json!({ "delta": text, "logprobs": logprobs })),
            Delta::Reasoning(text) => ("response.reasoning_text.delta", json!({ "delta": text })),
            Delta::Arguments { text, .. } => ("response.function_call_arguments.delta", json!({ "delta": text })),
            _ => return events,
        };
        events.push(self.part_event(kind, place, &more));
        events
    }
}

impl StreamWriter for ResponseWriter {
    type Event = ChatStep;

    fn begin(&mut self) -> Vec<Event> {
        let response = self.draft.json();
        ["response.created", "response.in_progress"]
            .map(|kind| self.event(kind, json!({ "response": response })))
            .into()
    }

    fn pieces(&mut self, _: u32, step: ChatStep) -> Vec<Event> {
        match &step.kind {
            ChatStepKind::Delta(delta) => self.delta(delta, &step),
            ChatStepKind::End(answer, summary) => {
                self.draft.end(answer, summary.clone());
                self.end_item(self.draft.status())
            }
        }
    }

    fn end(&mut self) -> Vec<Event> {
        let kind = format!("response.{}", self.draft.status());
        let response = self.draft.json();
        vec![self.event(&kind, json!({ "response": response }))]
    }
}
