//! The forms in which templates want contents and tool calls, found by trial.
//!
//! Hugging Face gives a template whatever the caller has, but what a caller has is OpenAI's form: contents may be lists of parts or
//! null, and arguments are strings of JSON. Templates differ in what they can write, and a source doesn't show it reliably; so, as
//! llama.cpp does, small conversations are rendered, and the output shows what the template made of them.

use serde_json::{Map, Value, json};

use super::ChatTemplate;

/// The forms that a template wants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Style {
    /// True if contents are lists of parts, since the template leaves out a text that is given as a string.
    pub(crate) content_in_parts: bool,
    /// True if a content may be none; otherwise it is an empty text, since the template fails or writes `None`.
    pub(crate) content_may_be_none: bool,
    /// True if arguments are a string of JSON, since the template writes a mapping as Python does, or fails.
    pub(crate) arguments_as_text: bool,
    /// True if reasoning is also read from the field `thinking`.
    pub(crate) reads_thinking: bool,
    /// False if the template leaves out the calls of assistants, as some do whose models make calls all the same.
    pub(crate) writes_calls: bool,
}

const TEXT: &str = "a text to find";
const KEY: &str = "a_key_to_find";
const TOOL: &str = "a_tool_to_find";

impl Style {
    /// The style of `template`.
    pub(super) fn of(template: &ChatTemplate, source: &str) -> Self {
        let content_in_parts = is_in_parts(template);
        let user = json!({ "role": "user", "content": content(content_in_parts) });
        let rendered = |assistant_content: Value, arguments: &Value| {
            let function = json!({ "name": TOOL, "arguments": arguments });
            let calls = json!([{ "id": "123456789", "type": "function", "function": function }]);
            let assistant = json!({ "role": "assistant", "content": assistant_content, "tool_calls": calls });
            let result = json!({ "role": "tool", "tool_call_id": "123456789", "name": TOOL, "content": "" });
            // Some want the result to follow.
            written(template, json!([user, assistant])).or_else(|| written(template, json!([user, assistant, result])))
        };
        let empty = || if content_in_parts { json!([]) } else { json!("") };
        let mapping = json!({ KEY: TEXT });
        let text = Value::String(mapping.to_string());
        let [from_mapping, from_text] = [&mapping, &text].map(|arguments| rendered(empty(), arguments));
        let writes_json = |output: &String| output.contains(TEXT) && !output.contains(&format!("'{KEY}'"));
        let arguments_as_text = !from_mapping.as_ref().is_some_and(writes_json)
            && from_text.as_ref().is_some_and(|output| output.contains(&mapping.to_string()));
        let mut outputs = [&from_mapping, &from_text].into_iter().flatten().peekable();
        let writes_calls = outputs.peek().is_none() || outputs.any(|output| output.contains(TOOL));
        let with_empty = if arguments_as_text { &from_text } else { &from_mapping };
        let with_none = rendered(Value::Null, if arguments_as_text { &text } else { &mapping });
        let content_may_be_none = with_none.is_some_and(|output| {
            // A template may also write the word in its own words.
            let count = |text: &str| text.matches("None").count();
            output.contains(TOOL) && count(&output) <= with_empty.as_deref().map_or(0, count)
        });
        let reads_thinking = ["thinking' in", "thinking\" in", ".thinking", "['thinking']", "[\"thinking\"]"]
            .iter()
            .any(|read| source.contains(read));
        Self { content_in_parts, content_may_be_none, arguments_as_text, reads_thinking, writes_calls }
    }
}

fn content(in_parts: bool) -> Value {
    if in_parts { json!([{ "type": "text", "text": TEXT }]) } else { json!(TEXT) }
}

fn is_in_parts(template: &ChatTemplate) -> bool {
    let writes = |in_parts| {
        let output = written(template, json!([{ "role": "user", "content": content(in_parts) }]));
        output.is_some_and(|output| output.contains(TEXT))
    };
    !writes(false) && writes(true)
}

/// The output for these messages, if the template takes them.
fn written(template: &ChatTemplate, messages: Value) -> Option<String> {
    let mut variables = Map::new();
    variables.insert("messages".to_owned(), messages);
    variables.insert("tools".to_owned(), Value::Null);
    variables.insert("documents".to_owned(), Value::Null);
    variables.insert("add_generation_prompt".to_owned(), Value::Bool(false));
    template.run(&variables).ok()
}
