//! Calls in prompts of templates that leave them out.
//!
//! Some models call tools, but their templates write only the contents of assistants, and expect a caller to put the calls there
//! as text. In a content, the control tokens around a call would be plain text; so a sign that occurs nowhere else stands there while
//! the template renders, and the calls take its place afterwards.

use serde_json::{Map, Value};

use crate::chat::{Message, OutputFormat};
use crate::{Prompt, Result, Segment};

/// Gives the messages signs for their calls, and returns the character that these begin and end with; `None` where there are no calls
/// or the format of calls is not known.
pub(super) fn mark(messages: &mut [Message], variables: &Map<String, Value>, format: OutputFormat) -> Option<char> {
    if messages.iter().all(|message| message.tool_calls.is_empty()) {
        return None;
    }
    if !format.can_write() {
        tracing::warn!("the chat template leaves out tool calls, and the model's way of writing them is not known");
        return None;
    }
    let text = Value::Object(variables.clone()).to_string();
    // A private-use character, which no template looks for.
    let sign = ('\u{e000}'..='\u{f8ff}').find(|sign| !text.contains(*sign))?;
    for (index, message) in messages.iter_mut().enumerate().filter(|(_, message)| !message.tool_calls.is_empty()) {
        message.add_text(&format!("{sign}{index}{sign}"));
    }
    Some(sign)
}

/// Replaces the signs in a prompt by the calls of their messages.
pub(super) fn replace(prompt: &Prompt, sign: char, messages: &[Message], format: OutputFormat) -> Result<Prompt> {
    let mut segments = Vec::new();
    for segment in prompt.segments() {
        for (number, text) in segment.text.split(sign).enumerate() {
            // Every other piece lies inside of a sign.
            let message = (number % 2 == 1).then(|| messages.get(text.parse::<usize>().ok()?)).flatten();
            match message {
                Some(message) => segments.extend(format.write(&message.tool_calls)?),
                None => segments.push(Segment { text: text.to_owned(), trusted: segment.trusted }),
            }
        }
    }
    Ok(Prompt::new(segments))
}
