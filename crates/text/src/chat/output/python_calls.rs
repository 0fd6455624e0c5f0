//! Calls as Python writes them: `[f(a="x", b=1), g()]`, or a single one.

use super::deltas::Deltas;
use super::escapes::push_escaped;
use super::named_call::is_name;
use super::value::{PYTHON, Progress, ValueReader};

/// The longest name of a tool or an argument, in bytes.
const LONGEST: usize = 256;

/// A reader of calls in Python's notation.
#[derive(Debug)]
pub(super) struct PythonCalls {
    in_list: bool,
    state: State,
}

#[derive(Debug)]
enum State {
    Start,
    /// The name of a tool.
    Name(String),
    /// The name of an argument, or `)`; the number of arguments before it.
    Argument {
        name: String,
        before: usize,
    },
    Value {
        reader: ValueReader,
        before: usize,
    },
    /// `,` or `)` behind a value.
    Next {
        before: usize,
    },
    /// Behind a call of the list.
    AfterCall,
}

impl PythonCalls {
    pub(super) fn new() -> Self {
        Self { in_list: false, state: State::Start }
    }

    /// Takes the next character.
    pub(super) fn push(&mut self, character: char, deltas: &mut Deltas) -> Progress {
        let space = character.is_ascii_whitespace();
        match &mut self.state {
            State::Value { reader, before } => {
                let mut json = String::new();
                let progress = reader.push(character, &mut json);
                deltas.arguments(&json);
                match progress {
                    Progress::Done => self.state = State::Next { before: *before + 1 },
                    Progress::DoneBefore => {
                        self.state = State::Next { before: *before + 1 };
                        return self.push(character, deltas);
                    }
                    progress => return progress,
                }
            }
            State::Start if character == '[' && !self.in_list => self.in_list = true,
            State::Name(name) if name.is_empty() && space => {}
            State::Start | State::AfterCall | State::Next { .. } if space => {}
            State::Start if is_name(character) => self.state = State::Name(character.to_string()),
            State::Start | State::AfterCall if character == ']' && self.in_list => return Progress::Done,
            State::AfterCall if character == ',' => self.state = State::Name(String::new()),
            State::Name(name) if is_name(character) && name.len() < LONGEST => name.push(character),
            State::Name(name) if character == '(' && !name.is_empty() => {
                deltas.begin_call(name);
                deltas.arguments("{");
                self.state = State::Argument { name: String::new(), before: 0 };
            }
            State::Argument { name, .. } if space && name.is_empty() => {}
            State::Argument { name, .. } if character == ')' && name.is_empty() => return self.end(deltas),
            State::Next { .. } if character == ')' => return self.end(deltas),
            State::Argument { name, .. } if is_name(character) && name.len() < LONGEST => name.push(character),
            State::Argument { name, before } if character == '=' && !name.is_empty() => {
                let mut key = String::from(if *before > 0 { ", \"" } else { "\"" });
                name.chars().for_each(|character| push_escaped(&mut key, character));
                key.push_str("\": ");
                deltas.arguments(&key);
                self.state = State::Value { reader: ValueReader::new(&PYTHON), before: *before };
            }
            State::Next { before } if character == ',' => {
                self.state = State::Argument { name: String::new(), before: *before };
            }
            _ => return Progress::Bad,
        }
        Progress::More
    }

    fn end(&mut self, deltas: &mut Deltas) -> Progress {
        deltas.arguments("}");
        deltas.end_call(true);
        self.state = State::AfterCall;
        if self.in_list { Progress::More } else { Progress::Done }
    }
}
