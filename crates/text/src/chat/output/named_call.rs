//! Calls as a name and an object behind it: `name{...}`, `name[ARGS]{...}`, `call:name{...}`.

use super::deltas::Deltas;
use super::value::{Notation, Progress, ValueReader};

/// The longest name and the longest id, in bytes.
const LONGEST: usize = 256;

/// A reader of a name and an object.
#[derive(Debug)]
pub(super) struct NamedCall {
    /// The text before the name.
    prefix: &'static str,
    notation: &'static Notation,
    name: String,
    state: State,
}

#[derive(Debug)]
enum State {
    /// The number of bytes of the prefix that have come.
    Prefix(usize),
    Name,
    /// A separator in brackets, such as `[ARGS]`.
    Separator(String),
    /// The call's id, as some of Mistral's models write it.
    Id(usize),
    /// Between the separator and the object.
    Before,
    Object(ValueReader),
}

impl NamedCall {
    pub(super) fn new(prefix: &'static str, notation: &'static Notation) -> Self {
        Self { prefix, notation, name: String::new(), state: State::Prefix(0) }
    }

    /// A reader for the object behind `name`.
    pub(super) fn object_of(name: &str, notation: &'static Notation) -> Self {
        Self { prefix: "", notation, name: name.to_owned(), state: State::Before }
    }

    /// Takes the next character.
    pub(super) fn push(&mut self, character: char, deltas: &mut Deltas) -> Progress {
        match &mut self.state {
            State::Prefix(0) if character.is_ascii_whitespace() => {}
            State::Prefix(length) if *length < self.prefix.len() => {
                if !self.prefix[*length..].starts_with(character) {
                    return Progress::Bad;
                }
                *length += character.len_utf8();
            }
            State::Prefix(_) | State::Name if is_name(character) && self.name.len() < LONGEST => {
                self.name.push(character);
                self.state = State::Name;
            }
            State::Name if character == '[' => self.state = State::Separator(String::new()),
            State::Name | State::Before if character == '{' => {
                deltas.begin_call(&self.name);
                let mut reader = ValueReader::new(self.notation);
                let mut json = String::new();
                reader.push(character, &mut json);
                deltas.arguments(&json);
                self.state = State::Object(reader);
            }
            State::Name | State::Before if character.is_ascii_whitespace() => self.state = State::Before,
            State::Separator(text) if character == ']' => match text.as_str() {
                "ARGS" => self.state = State::Before,
                "CALL_ID" => self.state = State::Id(0),
                _ => return Progress::Bad,
            },
            State::Separator(text) if character.is_ascii_uppercase() || character == '_' => {
                text.push(character);
                if text.len() > "CALL_ID".len() {
                    return Progress::Bad;
                }
            }
            State::Id(_) if character == '[' => self.state = State::Separator(String::new()),
            State::Id(length) if *length < LONGEST && is_name(character) => *length += character.len_utf8(),
            State::Object(reader) => {
                let mut json = String::new();
                let progress = reader.push(character, &mut json);
                deltas.arguments(&json);
                if progress == Progress::Done {
                    deltas.end_call(true);
                }
                return progress;
            }
            _ => return Progress::Bad,
        }
        Progress::More
    }
}

/// Characters of names and ids.
pub(super) fn is_name(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '_' | '-' | '.' | '/' | ':')
}
