//! Splits a Lark grammar into the pieces that its size is measured by.

use serde::de::IgnoredAny;

/// A piece of a grammar; what is in texts, comments and embedded JSON is none.
#[derive(Debug, PartialEq)]
pub(super) enum Piece<'text> {
    /// The name of a rule or terminal.
    Name(&'text str),
    /// A regular expression.
    Regex(&'text str),
    /// What says how often something comes.
    Repetition,
    Open,
    Close,
    Bar,
    LineBreak,
}

/// Reads a grammar piece by piece.
pub(super) struct Scanner<'text> {
    rest: &'text str,
}

impl<'text> Scanner<'text> {
    pub(super) fn new(text: &'text str) -> Self {
        Self { rest: text }
    }

    fn take(&mut self, length: usize) -> &'text str {
        let (taken, rest) = self.rest.split_at(length);
        self.rest = rest;
        taken
    }
}

impl<'text> Iterator for Scanner<'text> {
    type Item = Piece<'text>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let first = self.rest.chars().next()?;
            let piece = match first {
                '|' => Piece::Bar,
                '\n' => Piece::LineBreak,
                '(' | '[' => Piece::Open,
                ')' | ']' => Piece::Close,
                '*' | '+' | '?' | '{' | '~' => Piece::Repetition,
                '/' if !self.rest.starts_with("//") => return Some(Piece::Regex(self.take(literal(self.rest, '/')))),
                '_' | 'a'..='z' | 'A'..='Z' => {
                    let is_part = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-');
                    return Some(Piece::Name(self.take(end(self.rest, |letter| !is_part(letter)))));
                }
                _ => {
                    let length = match first {
                        '"' => literal(self.rest, '"'),
                        '<' => end(self.rest, |letter| letter == '>' || letter.is_whitespace()),
                        '#' | '/' => end(self.rest, |letter| letter == '\n'),
                        '%' if self.rest.starts_with("%json") => "%json".len() + json(&self.rest["%json".len()..]),
                        '%' | '@' => 1 + end(&self.rest[1..], |letter| !letter.is_ascii_alphanumeric()),
                        other => other.len_utf8(),
                    };
                    self.take(length);
                    continue;
                }
            };
            self.take(1);
            return Some(piece);
        }
    }
}

/// The bytes of a text up to the first character that `ends` it.
fn end(text: &str, ends: impl Fn(char) -> bool) -> usize {
    text.find(ends).unwrap_or(text.len())
}

/// The bytes of a literal between two marks, in which a backslash hides the next character.
fn literal(text: &str, mark: char) -> usize {
    let mut hidden = false;
    for (index, character) in text.char_indices().skip(1) {
        match character {
            '\n' => return index,
            _ if hidden => hidden = false,
            '\\' => hidden = true,
            _ if character == mark => return index + 1,
            _ => {}
        }
    }
    text.len()
}

/// The bytes of the JSON that a text begins with.
fn json(text: &str) -> usize {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<IgnoredAny>();
    match values.next() {
        Some(Ok(_)) => values.byte_offset(),
        _ => 0,
    }
}
