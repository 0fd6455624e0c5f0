//! Headers of harmony messages, gpt-oss's format: role, channel and recipient before `<|message|>`
//! (<https://cookbook.openai.com/articles/openai-harmony>).

use super::value::Progress;

const END: &str = "<|message|>";
/// The longest header, in bytes.
const LONGEST: usize = 256;

/// A reader of a header.
#[derive(Debug, Default)]
pub(super) struct Header {
    text: String,
}

/// What a header says of its message.
#[derive(Debug, PartialEq)]
pub(super) enum Message<'text> {
    /// Reasoning.
    Analysis,
    /// Text for the user.
    Final,
    /// A call of the tool of this name.
    Call(&'text str),
}

impl Header {
    /// Takes the next character.
    pub(super) fn push(&mut self, character: char) -> Progress {
        if character == '\n' || self.text.len() >= LONGEST {
            return Progress::Bad;
        }
        self.text.push(character);
        if self.text.ends_with(END) { Progress::Done } else { Progress::More }
    }

    /// The header as it was written.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The meaning of the header.
    pub(super) fn message(&self) -> Message<'_> {
        let word_behind = |mark: &str| {
            let rest = self.text.split_once(mark)?.1;
            Some(&rest[..rest.find(|end: char| end.is_whitespace() || end == '<').unwrap_or(rest.len())])
        };
        let function = word_behind("to=").and_then(|recipient| recipient.strip_prefix("functions."));
        match (function.filter(|name| !name.is_empty()), word_behind("<|channel|>")) {
            (Some(name), _) => Message::Call(name),
            (None, Some("analysis")) => Message::Analysis,
            // Commentary without a recipient is a preamble for the user.
            _ => Message::Final,
        }
    }
}
