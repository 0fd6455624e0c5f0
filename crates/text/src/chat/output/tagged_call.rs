//! Calls in tags: `<function=name><parameter=key>value</parameter></function>`, values typed by the tool's schema.

use serde_json::Value;

use super::deltas::Deltas;
use super::escapes::push_escaped;
use super::value::Progress;
use crate::chat::tool::{self, Types};

const FUNCTION: &str = "<function=";
const FUNCTION_END: &str = "</function>";
const PARAMETER: &str = "<parameter=";
const PARAMETER_END: &str = "</parameter>";
/// The longest name, in bytes.
const LONGEST: usize = 256;

/// A reader of a call in tags.
#[derive(Debug)]
pub(super) struct TaggedCall {
    state: State,
    name: String,
    /// The number of parameters so far.
    parameters: usize,
}

#[derive(Debug)]
enum State {
    /// Before the function: part of its tag.
    Start(String),
    Name,
    /// Between parameters: part of a tag.
    Between(String),
    Key(String),
    Text(Text),
}

/// The text of a parameter.
#[derive(Debug)]
struct Text {
    types: Types,
    /// The value so far, unless it is streamed as a string.
    value: String,
    /// What may belong to the end.
    held: String,
    /// True until the first character has come.
    is_start: bool,
}

impl TaggedCall {
    pub(super) fn new() -> Self {
        Self { state: State::Start(String::new()), name: String::new(), parameters: 0 }
    }

    /// Takes the next character.
    pub(super) fn push(&mut self, character: char, tools: &[Value], deltas: &mut Deltas) -> Progress {
        match &mut self.state {
            State::Start(tag) | State::Between(tag) if tag.is_empty() && character.is_ascii_whitespace() => {}
            State::Start(tag) => {
                if !FUNCTION[tag.len()..].starts_with(character) {
                    return Progress::Bad;
                }
                tag.push(character);
                if tag == FUNCTION {
                    self.state = State::Name;
                }
            }
            State::Name if character == '>' && !self.name.is_empty() => {
                deltas.begin_call(&self.name);
                deltas.arguments("{");
                self.state = State::Between(String::new());
            }
            State::Name => return take_name(&mut self.name, character),
            State::Between(tag) => {
                tag.push(character);
                match tag.as_str() {
                    PARAMETER => self.state = State::Key(String::new()),
                    FUNCTION_END => {
                        deltas.arguments("}");
                        deltas.end_call(true);
                        return Progress::Done;
                    }
                    tag if PARAMETER.starts_with(tag) || FUNCTION_END.starts_with(tag) => {}
                    _ => return Progress::Bad,
                }
            }
            State::Key(key) if character == '>' && !key.is_empty() => {
                let mut json = String::from(if self.parameters > 0 { ", \"" } else { "\"" });
                key.chars().for_each(|character| push_escaped(&mut json, character));
                json.push_str("\": ");
                let types = types_of(tools, &self.name, key);
                json.push_str(if types.other { "" } else { "\"" });
                deltas.arguments(&json);
                self.parameters += 1;
                let (value, held) = (String::new(), String::new());
                self.state = State::Text(Text { types, value, held, is_start: true });
            }
            State::Key(key) => return take_name(key, character),
            State::Text(text) => {
                if text.push(character, deltas) {
                    self.state = State::Between(String::new());
                }
            }
        }
        Progress::More
    }
}

impl Text {
    /// Takes the next character; true at the end of the value. A newline at either end belongs to the tags.
    fn push(&mut self, character: char, deltas: &mut Deltas) -> bool {
        if std::mem::take(&mut self.is_start) && character == '\n' {
            return false;
        }
        self.held.push(character);
        loop {
            let tag = self.held.strip_prefix('\n').unwrap_or(&self.held);
            if tag == PARAMETER_END {
                self.end(deltas);
                return true;
            }
            if PARAMETER_END.starts_with(tag) {
                return false;
            }
            let first = self.held.remove(0);
            self.add(first, deltas);
        }
    }

    fn add(&mut self, character: char, deltas: &mut Deltas) {
        if self.types.other {
            self.value.push(character);
        } else {
            let mut json = String::new();
            push_escaped(&mut json, character);
            deltas.arguments(&json);
        }
    }

    fn end(&mut self, deltas: &mut Deltas) {
        if self.types.other {
            deltas.arguments(&typed(&self.value, self.types));
        } else {
            deltas.arguments("\"");
        }
    }
}

/// The types of a parameter: a string where the tool or its schema is unknown.
fn types_of(tools: &[Value], name: &str, key: &str) -> Types {
    let tool = tool::find(tools, name);
    let schema = tool.and_then(|tool| tool::parameter(tool, key));
    schema.map(|schema| tool::types(schema, tool.and_then(tool::parameters))).unwrap_or_default()
}

/// The JSON of a value that may be something else than a string; text that isn't JSON is a string all the same.
fn typed(text: &str, types: Types) -> String {
    let trimmed = text.trim();
    // Templates write these as Python does.
    let json = match trimmed {
        "True" => "true",
        "False" => "false",
        "None" => "null",
        json => json,
    };
    match serde_json::from_str::<Value>(json) {
        Ok(value) if !(value.is_string() && types.string) => json.to_owned(),
        _ => Value::from(text).to_string(),
    }
}

fn take_name(name: &mut String, character: char) -> Progress {
    if name.len() >= LONGEST || matches!(character, '<' | '>' | '\n') {
        return Progress::Bad;
    }
    name.push(character);
    Progress::More
}
