//! Calls as JSON: `{"name": "f", "arguments": {...}}`, or a list of such.

use serde_json::{Map, Value};

use super::deltas::Deltas;
use super::value::{JSON, Progress, ValueReader};
use crate::chat::tool;

/// A reader of calls as JSON.
#[derive(Debug)]
pub(super) struct JsonCalls {
    /// True if the name must be that of a tool, since no marker says that this is a call.
    known_only: bool,
    in_list: bool,
    state: State,
    name: Option<String>,
    /// Arguments that came before the name, or as a string of JSON.
    arguments: Option<String>,
    /// True once the call has begun.
    begun: bool,
}

#[derive(Debug)]
enum State {
    /// Before everything: a list or a call.
    Start,
    /// In the list, before a call.
    Item {
        closable: bool,
    },
    /// In the list, behind a call.
    AfterItem,
    /// In the call, before a key.
    Key,
    KeyText(ValueReader, String),
    Colon(Field),
    Value(FieldValue),
    /// In the call, behind a value.
    Next,
}

/// The value of a field under way.
#[derive(Debug)]
struct FieldValue {
    field: Field,
    reader: ValueReader,
    /// What of it wasn't given away yet.
    json: String,
    /// True for arguments that are given away as they come.
    streamed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Field {
    Name,
    Arguments,
    /// A field such as `id` or `type`, which is of no use here.
    Unused,
}

impl JsonCalls {
    pub(super) fn new(known_only: bool) -> Self {
        let state = State::Start;
        Self { known_only, in_list: false, state, name: None, arguments: None, begun: false }
    }

    /// Takes the next character.
    pub(super) fn push(&mut self, character: char, tools: &[Value], deltas: &mut Deltas) -> Progress {
        let space = character.is_ascii_whitespace();
        match std::mem::replace(&mut self.state, State::Next) {
            State::KeyText(mut reader, mut json) => {
                match reader.push(character, &mut json) {
                    Progress::More => self.state = State::KeyText(reader, json),
                    Progress::Done => match self.field(&json) {
                        Some(field) => self.state = State::Colon(field),
                        None => return Progress::Bad,
                    },
                    Progress::DoneBefore | Progress::Bad => return Progress::Bad,
                }
                Progress::More
            }
            State::Value(value) => self.value(value, character, tools, deltas),
            state if space => {
                self.state = state;
                Progress::More
            }
            State::Start if character == '[' => {
                self.in_list = true;
                self.state = State::Item { closable: true };
                Progress::More
            }
            State::Item { closable: true } | State::AfterItem if character == ']' => Progress::Done,
            State::AfterItem if character == ',' => {
                self.state = State::Item { closable: false };
                Progress::More
            }
            State::Start | State::Item { .. } if character == '{' => {
                (self.name, self.arguments, self.begun) = (None, None, false);
                self.state = State::Key;
                Progress::More
            }
            State::Key if character == '"' => {
                let (mut reader, mut json) = (ValueReader::new(&JSON), String::new());
                reader.push(character, &mut json);
                self.state = State::KeyText(reader, json);
                Progress::More
            }
            State::Colon(field) if character == ':' => {
                let reader = ValueReader::new(&JSON);
                self.state = State::Value(FieldValue { field, reader, json: String::new(), streamed: false });
                Progress::More
            }
            State::Next if character == ',' => {
                self.state = State::Key;
                Progress::More
            }
            State::Next if character == '}' => self.close(deltas),
            _ => Progress::Bad,
        }
    }

    /// The meaning of a key; `None` where no call has it.
    fn field(&self, json: &str) -> Option<Field> {
        let key: String = serde_json::from_str(json).ok()?;
        match key.as_str() {
            "name" if self.name.is_none() => Some(Field::Name),
            "arguments" | "parameters" if !self.begun && self.arguments.is_none() => Some(Field::Arguments),
            "id" | "call_id" | "type" => Some(Field::Unused),
            _ => self.begun.then_some(Field::Unused),
        }
    }

    fn value(&mut self, mut value: FieldValue, character: char, tools: &[Value], deltas: &mut Deltas) -> Progress {
        if value.field == Field::Arguments
            && !value.streamed
            && character == '{'
            && value.json.trim().is_empty()
            && let Some(name) = &self.name
        {
            deltas.begin_call(name);
            (self.begun, value.streamed) = (true, true);
            value.json.clear();
        }
        let progress = value.reader.push(character, &mut value.json);
        if value.streamed {
            deltas.arguments(&value.json);
            value.json.clear();
        }
        match progress {
            Progress::Bad => return Progress::Bad,
            Progress::More => {
                self.state = State::Value(value);
                return Progress::More;
            }
            Progress::Done | Progress::DoneBefore => {}
        }
        let fits = match value.field {
            Field::Unused => true,
            Field::Name => self.take_name(&value.json, tools),
            Field::Arguments if value.streamed => {
                deltas.end_call(true);
                true
            }
            Field::Arguments => self.take_arguments(&value.json),
        };
        match (fits, progress) {
            (false, _) => Progress::Bad,
            (true, Progress::DoneBefore) => self.push(character, tools, deltas),
            (true, _) => Progress::More,
        }
    }

    fn take_name(&mut self, json: &str, tools: &[Value]) -> bool {
        let name = serde_json::from_str::<String>(json).ok().filter(|name| !name.trim().is_empty());
        self.name = name.filter(|name| !self.known_only || tool::find(tools, name).is_some());
        self.name.is_some()
    }

    /// Keeps arguments that came before the name, or as a string of JSON, or not at all.
    fn take_arguments(&mut self, json: &str) -> bool {
        let json = json.trim();
        let text = serde_json::from_str::<String>(json).ok();
        let is_object = |text: &str| serde_json::from_str::<Map<String, Value>>(text).is_ok();
        self.arguments = match text {
            Some(text) => is_object(&text).then_some(text),
            None if json == "null" => Some("{}".to_owned()),
            None => json.starts_with('{').then(|| json.to_owned()),
        };
        self.arguments.is_some()
    }

    fn close(&mut self, deltas: &mut Deltas) -> Progress {
        if !self.begun {
            let Some(name) = self.name.take() else { return Progress::Bad };
            deltas.begin_call(&name);
            deltas.arguments(self.arguments.as_deref().unwrap_or("{}"));
            deltas.end_call(true);
        }
        self.state = State::AfterItem;
        if self.in_list { Progress::More } else { Progress::Done }
    }
}
