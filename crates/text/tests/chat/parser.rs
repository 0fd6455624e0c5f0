//! Answers given to a parser in pieces, and checks that hold for every answer.

use serde_json::{Value, json};
use wgslm_text::Prompt;
use wgslm_text::chat::{Answer, ChatParser, Content, Delta, OutputFormat};

/// The tools of the tests, in OpenAI's form.
pub(crate) fn tools() -> Vec<Value> {
    let function = |name: &str, parameters: Value| json!({ "type": "function", "function": { "name": name, "description": "Does it.", "parameters": parameters } });
    vec![
        function(
            "get_weather",
            json!({
                "type": "object",
                "properties": {
                    "city": { "type": "string" },
                    "days": { "type": "integer" },
                    "hourly": { "type": "boolean" },
                    "units": { "anyOf": [{ "type": "string" }, { "type": "null" }] },
                    "place": { "$ref": "#/$defs/place" },
                    "tags": { "type": "array", "items": { "type": "string" } },
                },
                "required": ["city"],
                "$defs": { "place": { "type": "object", "properties": { "lat": { "type": "number" } } } },
            }),
        ),
        function("now", json!({ "type": "object", "properties": {} })),
    ]
}

pub(crate) fn format(name: &str) -> OutputFormat {
    OutputFormat::named(name).unwrap()
}

/// The answer that these pieces become, and its deltas.
pub(crate) fn read<'text>(
    format: OutputFormat,
    tools: &[Value],
    prompt: &Prompt,
    pieces: impl IntoIterator<Item = &'text str>,
) -> (Answer, Vec<Delta>) {
    let mut parser = ChatParser::new(format, tools, 7).answering(prompt);
    let mut deltas: Vec<Delta> = pieces.into_iter().flat_map(|piece| parser.push(piece)).collect();
    deltas.extend(parser.finish());
    let mut answer = Answer::new();
    deltas.iter().for_each(|delta| answer.push(delta));
    check_order(&deltas);
    (answer.finish(false), deltas)
}

/// The answer to `prompt` with the tests' tools, which must be the same however the text is cut.
pub(crate) fn read_in_every_way(format: OutputFormat, prompt: &Prompt, text: &str) -> Answer {
    let tools = tools();
    let (whole, _) = read(format, &tools, prompt, [text]);
    let cuts: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
    for &cut in &cuts {
        let (first, second) = text.split_at(cut);
        assert_eq!(read(format, &tools, prompt, [first, second]).0, whole, "{text:?} cut at {cut}");
    }
    let characters = text.char_indices().map(|(at, character)| &text[at..at + character.len_utf8()]);
    assert_eq!(read(format, &tools, prompt, characters).0, whole, "{text:?} a character at a time");
    whole
}

/// Calls begin in order, one at a time, and pieces of arguments lie inside of their calls.
fn check_order(deltas: &[Delta]) {
    let (mut next, mut open) = (0, None);
    for delta in deltas {
        match delta {
            Delta::ToolCall { index, .. } => {
                assert_eq!((*index, open), (next, None), "{deltas:?}");
                (open, next) = (Some(*index), next + 1);
            }
            Delta::Arguments { index, text } => {
                assert_eq!(open, Some(*index), "{deltas:?}");
                assert!(!text.is_empty(), "{deltas:?}");
            }
            Delta::ToolCallEnd { index, .. } => assert_eq!(open.take(), Some(*index), "{deltas:?}"),
            Delta::Content(text) | Delta::Reasoning(text) => {
                assert!(open.is_none() && !text.is_empty(), "{deltas:?}");
            }
            other => panic!("an unknown delta: {other:?}"),
        }
    }
    assert_eq!(open, None, "{deltas:?}");
}

/// The content of an answer.
pub(crate) fn content(answer: &Answer) -> &str {
    match &answer.message.content {
        Some(Content::Text(text)) => text,
        Some(other) => panic!("an answer in parts: {other:?}"),
        None => "",
    }
}

/// The reasoning of an answer.
pub(crate) fn reasoning(answer: &Answer) -> &str {
    answer.message.reasoning_content.as_deref().unwrap_or_default()
}

/// The calls of an answer: name and arguments each.
pub(crate) fn calls(answer: &Answer) -> Vec<(&str, Value)> {
    let call = |call: &'_ wgslm_text::chat::ToolCall| Value::Object(call.arguments().unwrap());
    answer.message.tool_calls.iter().map(|each| (each.name.as_str(), call(each))).collect()
}
