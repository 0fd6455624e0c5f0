//! Reads an answer as it comes, and tells reasoning, text and tool calls apart.
//!
//! A [`ChatParser`] looks for markers in the text, as [`OutputFormat`] gives them as data. Behind the marker of a call, a reader of
//! the call's notation takes one character after the other and writes the arguments as JSON, so deltas don't depend on how the text
//! was cut. Until a reader knows the name of the tool, what it reads may still turn out to be text.

mod delta;
mod deltas;
mod escapes;
mod format;
mod grammar;
mod header;
mod json_calls;
mod literals;
mod markers;
mod named_call;
mod python_calls;
mod tagged_call;
mod value;
mod written;

pub use delta::Delta;
pub use format::OutputFormat;

use serde_json::Value;

use super::ToolChoice;
use crate::Prompt;
use deltas::{Channel, Deltas};
use grammar::Beginning;
use header::{Header, Message};
use json_calls::JsonCalls;
use markers::{Action, Marker, Syntax};
use named_call::NamedCall;
use python_calls::PythonCalls;
use tagged_call::TaggedCall;
use value::{GEMMA, JSON, Progress};

/// A parser of an answer, which may be cut into pieces anywhere.
///
/// What can't be read as a call is text of the answer, and nothing is lost: neither text nor, once the name of a tool is known,
/// what came of its arguments.
#[derive(Debug)]
pub struct ChatParser {
    format: OutputFormat,
    tools: Vec<Value>,
    deltas: Deltas,
    /// What may become a marker.
    pending: String,
    /// The reader of a call or header under way.
    reader: Option<Reader>,
    /// What the reader has taken since it last told of a call: text, if this can't be read as one.
    unsettled: String,
}

#[derive(Debug)]
enum Reader {
    Json(JsonCalls),
    Named(NamedCall),
    Python(PythonCalls),
    Tagged(TaggedCall),
    /// Mistral's calls, before the first character shows which kind it is.
    Mistral,
    Header(Header),
}

impl ChatParser {
    /// A parser of answers in `format`, in which calls are text unless there are `tools`, in OpenAI's form. Their schemas say what
    /// is a string where the format doesn't. Behind a marker, a tool of any name can be called, and it is for the caller to refuse
    /// it. `seed`, which should be another for each answer of a conversation, decides the ids of calls.
    #[must_use]
    pub fn new(format: OutputFormat, tools: &[Value], seed: u64) -> Self {
        Self {
            format,
            tools: tools.to_vec(),
            deltas: Deltas::new(seed),
            pending: String::new(),
            reader: None,
            unsettled: String::new(),
        }
    }

    /// The parser for the answer to `prompt`, in which the template may have opened the reasoning or a message's header.
    #[must_use]
    pub fn answering(mut self, prompt: &Prompt) -> Self {
        let Some(last) = prompt.segments().last().filter(|segment| segment.trusted) else { return self };
        if self.format.reasoning.is_some_and(|reasoning| last.text.trim_end().ends_with(reasoning.open)) {
            self.deltas.switch(Channel::Reasoning);
        }
        let header = self.format.family.markers.iter().find(|marker| matches!(marker.action, Action::Header));
        if let Some(at) = header.and_then(|marker| last.text.rfind(marker.text)) {
            self.push(&last.text[at..]);
            self.unsettled.clear();
            self.deltas.release_space();
            self.deltas.take();
        }
        self
    }

    /// The grammar of an answer that calls a tool as `choice` demands, in llguidance's variant of Lark, if it demands any call.
    /// Several calls are allowed if `parallel` and the format has room for them. Reasoning may come first; where the template has
    /// opened it, it must end. `control` gives the control token of a text: [`Tokenizer::control_token`](crate::Tokenizer).
    ///
    /// This is to be asked before the answer's first text.
    #[must_use]
    pub fn grammar(
        &self,
        choice: &ToolChoice,
        parallel: bool,
        control: impl Fn(&str) -> Option<u32>,
    ) -> Option<String> {
        let beginning = match self.deltas.channel {
            Channel::Content => Beginning::Fresh,
            Channel::Reasoning => Beginning::InReasoning,
        };
        grammar::of_calls(self.format, &self.tools, choice, parallel, beginning, &control)
    }

    /// Takes the next piece of the answer's text, in which the control tokens of [`OutputFormat::marker_texts`] are shown.
    pub fn push(&mut self, text: &str) -> Vec<Delta> {
        text.chars().for_each(|character| self.take(character));
        self.deltas.take()
    }

    /// Ends the answer: gives what was held back. A call that hasn't ended is given as far as it has come.
    pub fn finish(&mut self) -> Vec<Delta> {
        let pending = std::mem::take(&mut self.pending);
        pending.chars().for_each(|character| self.deltas.text(character));
        if self.deltas.in_call() {
            self.deltas.arguments(&std::mem::take(&mut self.unsettled));
        }
        self.abandon();
        if self.deltas.channel == Channel::Content {
            self.deltas.release_space();
        }
        self.deltas.take()
    }

    /// Takes the next character.
    fn take(&mut self, character: char) {
        let Some(reader) = &mut self.reader else { return self.text(character) };
        let changes = self.deltas.changes;
        let progress = reader.push(character, &self.tools, &mut self.deltas);
        if self.deltas.changes != changes {
            self.unsettled.clear();
        } else if progress != Progress::Bad {
            self.unsettled.push(character);
        }
        match progress {
            Progress::More => {}
            Progress::Done => self.end_reader(),
            Progress::DoneBefore => {
                self.end_reader();
                self.take(character);
            }
            Progress::Bad => {
                self.abandon();
                self.take(character);
            }
        }
    }

    fn end_reader(&mut self) {
        self.unsettled.clear();
        if let Some(Reader::Header(header)) = self.reader.take() {
            match header.message() {
                Message::Analysis => self.deltas.switch(Channel::Reasoning),
                Message::Call(name) if !self.tools.is_empty() => {
                    self.deltas.switch(Channel::Content);
                    self.reader = Some(Reader::Named(NamedCall::object_of(name, &JSON)));
                    self.unsettled.push_str(header.text());
                }
                Message::Final => self.deltas.switch(Channel::Content),
                Message::Call(_) => {
                    self.deltas.switch(Channel::Content);
                    self.deltas.verbatim(header.text());
                }
            }
        }
    }

    /// Gives up the reader: what isn't settled is text, and a call that has begun ends here.
    fn abandon(&mut self) {
        self.reader = None;
        if self.deltas.in_call() {
            self.deltas.end_call(false);
        }
        self.deltas.verbatim(&std::mem::take(&mut self.unsettled));
    }

    /// Takes a character outside of calls and headers.
    fn text(&mut self, character: char) {
        self.pending.push(character);
        while !self.pending.is_empty() {
            let starts = |marker: &Marker| marker.text.starts_with(&self.pending);
            let candidates: Vec<Marker> = self.markers().filter(starts).collect();
            if let Some(marker) = candidates.iter().find(|marker| marker.text == self.pending) {
                self.pending.clear();
                return self.follow(*marker);
            }
            if !candidates.is_empty() {
                return;
            }
            let first = self.pending.remove(0);
            self.deltas.text(first);
        }
    }

    /// The markers that count here.
    fn markers(&self) -> impl Iterator<Item = Marker> + '_ {
        let reasoning = self.format.reasoning.iter().flat_map(|reasoning| reasoning.markers);
        let callable = !self.tools.is_empty();
        let calls = self.format.family.markers.iter().copied();
        let calls = calls.filter(move |marker| callable || !matches!(marker.action, Action::Call(_)));
        reasoning.chain(calls).filter(|marker| marker.counts(&self.deltas))
    }

    fn follow(&mut self, marker: Marker) {
        self.reader = match marker.action {
            Action::Reason => return self.deltas.switch(Channel::Reasoning),
            Action::Answer => return self.deltas.switch(Channel::Content),
            Action::Skip => return self.deltas.drop_space(),
            Action::Header => Some(Reader::Header(Header::default())),
            Action::Call(syntax) => Some(match syntax {
                Syntax::Json => Reader::Json(JsonCalls::new(false)),
                Syntax::BareJson => Reader::Json(JsonCalls::new(true)),
                Syntax::Tagged => Reader::Tagged(TaggedCall::new()),
                Syntax::Mistral => Reader::Mistral,
                Syntax::Gemma => Reader::Named(NamedCall::new("call:", &GEMMA)),
                Syntax::Python => Reader::Python(PythonCalls::new()),
            }),
        };
        if marker.is_part {
            marker.text.chars().for_each(|character| self.take(character));
        } else {
            self.unsettled.push_str(marker.text);
        }
    }
}

impl Reader {
    fn push(&mut self, character: char, tools: &[Value], deltas: &mut Deltas) -> Progress {
        match self {
            Self::Json(calls) => calls.push(character, tools, deltas),
            Self::Named(call) => call.push(character, deltas),
            Self::Python(calls) => calls.push(character, deltas),
            Self::Tagged(call) => call.push(character, tools, deltas),
            Self::Mistral if character.is_ascii_whitespace() => Progress::More,
            Self::Mistral => {
                *self = match character {
                    '[' | '{' => Self::Json(JsonCalls::new(false)),
                    _ => Self::Named(NamedCall::new("", &JSON)),
                };
                self.push(character, tools, deltas)
            }
            Self::Header(header) => header.push(character),
        }
    }
}
