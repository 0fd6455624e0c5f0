//! What the user sees: text as it comes, or an event a line as JSON.

use std::io::{IsTerminal as _, Write as _, stdout};

use serde_json::{Value, json};
use wgslm::engine::{Engine, Summary};
use wgslm::text::chat::{Answer, Delta};

use crate::error::Result;

/// Escape sequences for what is beside the answer, and for the end of it.
const DIM: &str = "\x1b[2m";
const PLAIN: &str = "\x1b[0m";

/// Where answers go.
pub(super) struct Output {
    json: bool,
    /// Colours are understood.
    colours: bool,
    /// The part of the answer that was written last.
    part: Part,
}

/// A part of an answer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Nothing,
    Reasoning,
    Text,
    Call,
}

impl Output {
    pub(super) fn new(json: bool) -> Self {
        let colours = !json && stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        Self { json, colours, part: Part::Nothing }
    }

    /// Says what answers, and how to get help.
    pub(super) fn welcome(&self, engine: &Engine) -> Result<()> {
        let (spec, adapter) = (&engine.model().spec, &engine.device().adapter().name);
        let name = if spec.name.is_empty() { &spec.architecture } else { &spec.name };
        let context = engine.context_length();
        if self.json {
            return event(&json!({"event": "ready", "model": name, "context": context, "adapter": adapter}));
        }
        self.note(&format!("{name} on {adapter}, {context} tokens of context; /help lists commands"))
    }

    /// Says something that is no part of the conversation.
    pub(super) fn note(&self, text: &str) -> Result<()> {
        if self.json {
            return event(&json!({"event": "note", "text": text}));
        }
        self.dimmed(text)
    }

    /// Says why a question has no answer.
    pub(super) fn error(&mut self, error: &wgslm::Error) -> Result<()> {
        self.part = Part::Nothing;
        if self.json {
            return event(&json!({"event": "error", "code": error.code(), "message": error.to_string()}));
        }
        self.dimmed(&format!("no answer: {error}"))
    }

    /// Writes a piece of an answer.
    pub(super) fn delta(&mut self, delta: &Delta) -> Result<()> {
        if self.json {
            // The end of a call has no event of its own: the last one has the whole call.
            let written = serde_json::to_value(delta)?;
            let Value::Object(mut fields) = written else { return Ok(()) };
            if fields.is_empty() {
                return Ok(());
            }
            fields.insert("event".to_owned(), "delta".into());
            return event(&Value::Object(fields));
        }
        match delta {
            Delta::Content(text) => self.write(Part::Text, text),
            Delta::Reasoning(text) => self.write(Part::Reasoning, text),
            Delta::ToolCall { name, .. } => self.write(Part::Call, &format!("{name} ")),
            Delta::Arguments { text, .. } => self.write(Part::Call, text),
            _ => Ok(()),
        }
    }

    /// Writes a piece of a part, on a line of its own where another part came before.
    fn write(&mut self, part: Part, text: &str) -> Result<()> {
        let before = std::mem::replace(&mut self.part, part);
        let mut output = stdout().lock();
        let (dims, dimmed) = (part != Part::Text, ![Part::Text, Part::Nothing].contains(&before));
        if self.colours && dims != dimmed {
            write!(output, "{}", if dims { DIM } else { PLAIN })?;
        }
        if before != part && before != Part::Nothing {
            writeln!(output)?;
        }
        output.write_all(text.as_bytes())?;
        Ok(output.flush()?)
    }

    /// Ends an answer, with its counts and times.
    pub(super) fn finished(&mut self, answer: &Answer, summary: &Summary) -> Result<()> {
        let dimmed = ![Part::Text, Part::Nothing].contains(&self.part);
        self.part = Part::Nothing;
        let Summary { finish_reason, prompt_tokens, cached_tokens, tokens, timings, timeline } = summary;
        if self.json {
            return event(&json!({
                "event": "finished",
                "message": answer.message,
                "finish_reason": answer.finish_reason,
                "ended_by": finish_reason.name(),
                "usage": {"prompt_tokens": prompt_tokens, "cached_tokens": cached_tokens, "completion_tokens": tokens},
                "timings": {
                    "ttft_ms": timings.ttft_ms,
                    "prefill_tokens_per_s": timings.prefill_tokens_per_s,
                    "decode_tokens_per_s": timings.decode_tokens_per_s,
                },
                "drafts": {"tried": timeline.drafted_tokens, "accepted": timeline.accepted_tokens},
            }));
        }
        let mut output = stdout().lock();
        writeln!(output, "{}", if self.colours && dimmed { PLAIN } else { "" })?;
        drop(output);
        let mut parts = vec![
            format!("{tokens} tokens"),
            format!("{:.0} tokens/s", timings.decode_tokens_per_s),
            format!("first after {:.0} ms", timings.ttft_ms),
            format!("{cached_tokens} of {prompt_tokens} cached"),
        ];
        if timeline.drafted_tokens > 0 {
            parts.push(format!("{} of {} drafts right", timeline.accepted_tokens, timeline.drafted_tokens));
        }
        if finish_reason.name() != "stop" {
            parts.push(format!("ended by {}", finish_reason.name()));
        }
        self.dimmed(&format!("[{}]", parts.join(", ")))
    }

    fn dimmed(&self, text: &str) -> Result<()> {
        let (begin, end) = if self.colours { (DIM, PLAIN) } else { ("", "") };
        Ok(writeln!(stdout().lock(), "{begin}{text}{end}")?)
    }
}

/// Writes an event on a line of its own.
fn event(event: &Value) -> Result<()> {
    let mut output = stdout().lock();
    serde_json::to_writer(&mut output, event)?;
    writeln!(output)?;
    Ok(output.flush()?)
}
