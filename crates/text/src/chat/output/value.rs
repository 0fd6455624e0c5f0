//! Values such as JSON's, read a character at a time and written as JSON.
//!
//! Families write arguments as JSON, as Python's literals, or in Gemma's notation. These differ in quotes, escapes, bare keys and the
//! names of constants, which a [`Notation`] gives; numbers, lists and mappings are the same.

use super::escapes::{Escape, Escapes, push_escaped};

/// The deepest nesting of lists and mappings.
const DEEPEST: usize = 128;
/// The longest number, constant or bare key, in bytes.
const LONGEST_WORD: usize = 400;

/// What the next character led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// It was taken, and more is needed.
    More,
    /// It was the last one.
    Done,
    /// The end was before it.
    DoneBefore,
    /// It doesn't fit, and wasn't taken.
    Bad,
}

/// The ways of a notation.
#[derive(Debug)]
pub(super) struct Notation {
    /// The quotes of strings.
    quotes: &'static [&'static str],
    escapes: Escapes,
    /// True if keys may stand without quotes.
    bare_keys: bool,
    /// Names of constants, and their JSON.
    constants: &'static [(&'static str, &'static str)],
}

const JSON_CONSTANTS: &[(&str, &str)] = &[("true", "true"), ("false", "false"), ("null", "null")];

/// JSON.
pub(super) static JSON: Notation =
    Notation { quotes: &["\""], escapes: Escapes::Json, bare_keys: false, constants: JSON_CONSTANTS };
/// Python's literals; models trained on these write JSON's constants as well.
pub(super) static PYTHON: Notation = Notation {
    quotes: &["\"", "'"],
    escapes: Escapes::Python,
    bare_keys: false,
    constants: &[
        ("True", "true"),
        ("False", "false"),
        ("None", "null"),
        ("true", "true"),
        ("false", "false"),
        ("null", "null"),
    ],
};
/// Gemma 4's notation: strings between quote tokens, without escapes, and keys without quotes.
pub(super) static GEMMA: Notation = Notation {
    quotes: &["<|\"|>", "\""],
    escapes: Escapes::None,
    bare_keys: true,
    // Its template writes a null as Jinja does.
    constants: &[("true", "true"), ("false", "false"), ("null", "null"), ("None", "null")],
};

#[derive(Debug)]
enum State {
    /// A value comes, or `]` where the list may end here.
    Value {
        closable: bool,
    },
    /// A key comes, or `}` where the mapping may end here.
    Key {
        closable: bool,
    },
    /// Part of a quote that begins a string.
    Quote {
        text: String,
        key: bool,
    },
    /// Inside a string: its quote, and what may be the start of the closing quote or an escape.
    String {
        quote: &'static str,
        held: String,
        key: bool,
    },
    /// Inside a number, a constant or a bare key.
    Word {
        text: String,
        key: bool,
    },
    Colon,
    /// `,` or the end of the list or mapping.
    Next,
}

/// A reader of one value.
#[derive(Debug)]
pub(super) struct ValueReader {
    notation: &'static Notation,
    /// The closing brackets of the lists and mappings around.
    open: Vec<char>,
    /// A comma and white space behind it, where the list or mapping may end there all the same.
    comma: String,
    state: State,
}

impl ValueReader {
    pub(super) fn new(notation: &'static Notation) -> Self {
        Self { notation, open: Vec::new(), comma: String::new(), state: State::Value { closable: false } }
    }

    /// Takes the next character, and appends what it completes to `json`.
    pub(super) fn push(&mut self, character: char, json: &mut String) -> Progress {
        match std::mem::replace(&mut self.state, State::Next) {
            State::String { quote, held, key } => self.string(quote, held, key, character, json),
            State::Quote { mut text, key } => {
                text.push(character);
                self.quote(text, key, json)
            }
            State::Word { mut text, key } => {
                if is_word(character) && text.len() < LONGEST_WORD {
                    text.push(character);
                    self.state = State::Word { text, key };
                    return Progress::More;
                }
                if !self.end_word(&text, key, json) {
                    return Progress::Bad;
                }
                if self.open.is_empty() { Progress::DoneBefore } else { self.between(character, json) }
            }
            state => {
                self.state = state;
                self.between(character, json)
            }
        }
    }

    /// Takes a character outside of strings and words.
    fn between(&mut self, character: char, json: &mut String) -> Progress {
        if matches!(character, ' ' | '\t' | '\n' | '\r') {
            if self.comma.is_empty() {
                json.push(character);
            } else {
                self.comma.push(character);
            }
            return Progress::More;
        }
        if !self.comma.is_empty() {
            // JSON has no comma before the end, as Python has.
            let comma = std::mem::take(&mut self.comma);
            json.push_str(if matches!(character, ']' | '}') { "" } else { &comma });
        }
        match (&self.state, character) {
            (State::Value { closable: true }, ']') | (State::Key { closable: true }, '}') => {
                self.close(character, json)
            }
            (State::Value { .. }, '[' | '{') => {
                if self.open.len() == DEEPEST {
                    return Progress::Bad;
                }
                json.push(character);
                let (close, state) = match character {
                    '[' => (']', State::Value { closable: true }),
                    _ => ('}', State::Key { closable: true }),
                };
                self.open.push(close);
                self.state = state;
                Progress::More
            }
            (State::Colon, ':') => {
                json.push(':');
                self.state = State::Value { closable: false };
                Progress::More
            }
            (State::Next, ',') => {
                let closable = self.notation.escapes == Escapes::Python;
                self.state = match self.open.last() {
                    Some(']') => State::Value { closable },
                    Some(_) => State::Key { closable },
                    None => return Progress::Bad,
                };
                if closable {
                    self.comma.push(',');
                } else {
                    json.push(',');
                }
                Progress::More
            }
            (State::Next, ']' | '}') => self.close(character, json),
            (State::Value { .. } | State::Key { .. }, _) => {
                let key = matches!(self.state, State::Key { .. });
                if self.notation.quotes.iter().any(|quote| quote.starts_with(character)) {
                    return self.quote(character.to_string(), key, json);
                }
                let starts = if key { self.notation.bare_keys } else { true };
                if !starts || !is_word(character) {
                    return Progress::Bad;
                }
                self.state = State::Word { text: character.to_string(), key };
                Progress::More
            }
            _ => Progress::Bad,
        }
    }

    fn close(&mut self, bracket: char, json: &mut String) -> Progress {
        if self.open.last() != Some(&bracket) {
            return Progress::Bad;
        }
        self.open.pop();
        json.push(bracket);
        self.state = State::Next;
        if self.open.is_empty() { Progress::Done } else { Progress::More }
    }

    /// Takes `text`, which begins a string once it is a quote.
    fn quote(&mut self, text: String, key: bool, json: &mut String) -> Progress {
        match self.notation.quotes.iter().find(|quote| quote.starts_with(text.as_str())) {
            Some(quote) if quote.len() == text.len() => {
                json.push('"');
                self.state = State::String { quote, held: String::new(), key };
                Progress::More
            }
            Some(_) => {
                self.state = State::Quote { text, key };
                Progress::More
            }
            None => Progress::Bad,
        }
    }

    fn string(
        &mut self,
        quote: &'static str,
        mut held: String,
        key: bool,
        character: char,
        json: &mut String,
    ) -> Progress {
        held.push(character);
        if held.starts_with('\\') && self.notation.escapes != Escapes::None {
            match self.notation.escapes.read(&held) {
                Escape::More => {}
                Escape::Json(text) => {
                    json.push_str(&text);
                    held.clear();
                }
                Escape::Bad => return Progress::Bad,
            }
        } else if held == quote {
            json.push('"');
            self.state = if key { State::Colon } else { State::Next };
            return if self.open.is_empty() { Progress::Done } else { Progress::More };
        } else {
            // What can't become the closing quote is text.
            let mut start = 0;
            while !quote.starts_with(&held[start..]) {
                let character = held[start..].chars().next().unwrap_or_default();
                push_escaped(json, character);
                start += character.len_utf8();
            }
            held.drain(..start);
        }
        self.state = State::String { quote, held, key };
        Progress::More
    }

    fn end_word(&mut self, text: &str, key: bool, json: &mut String) -> bool {
        if key {
            json.push('"');
            text.chars().for_each(|character| push_escaped(json, character));
            json.push('"');
            self.state = State::Colon;
            return true;
        }
        let constant = self.notation.constants.iter().find(|(name, _)| *name == text).map(|(_, json)| *json);
        let Some(text) = constant.or_else(|| is_number(text).then_some(text)) else { return false };
        json.push_str(text);
        self.state = State::Next;
        true
    }
}

/// Characters of numbers, constants and bare keys.
fn is_word(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '_' | '-' | '+' | '.' | '$')
}

/// True for JSON's numbers of any size, also those that are beyond the range of a float.
fn is_number(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    digits(whole) && (whole == "0" || !whole.starts_with('0')) && digits(fraction) && digits(exponent)
}
