//! Published templates both ways: what each writes of an assistant's turn is read back with the format that it shows.

use std::path::Path;

use serde_json::{Value, json};
use wgslm_text::chat::ToolCall;
use wgslm_text::{ChatTemplate, Conversation, Message, Prompt};

use super::parser::{calls, content, read_in_every_way, reasoning, tools};

/// The prompt before an assistant's turn with a call, and the turn as the template writes it.
fn written(template: &ChatTemplate) -> wgslm_text::Result<(Prompt, String)> {
    let call = ToolCall::new("abcdef123", "get_weather", r#"{"city": "Zürich \"x\"", "days": 2, "hourly": true}"#);
    let user = Message::new("user", "How warm?");
    let assistant = Message { content: None, ..Message::new("assistant", "") };
    let assistant = assistant.with_reasoning("I must look.").with_tool_calls([call]);
    let render = |messages: &[Message], add_generation_prompt| {
        let (messages, tools) = (messages.to_vec(), Some(tools()));
        let variables = [("enable_thinking".to_owned(), Value::Bool(true))].into_iter().collect();
        let conversation =
            Conversation { messages, tools, add_generation_prompt, variables, ..Conversation::default() };
        template.render_conversation(&conversation)
    };
    let prompt = render(std::slice::from_ref(&user), true)?;
    let whole = render(&[user, assistant], false)?.text();
    let before = prompt.text();
    let common = before.char_indices().zip(whole.chars()).find(|((_, one), other)| one != other);
    let at = common.map_or(before.len(), |((at, _), _)| at);
    // The tags of reasoning and calls may begin alike.
    let at = whole[..at].rfind('<').filter(|start| !whole[*start..at].contains('>')).unwrap_or(at);
    Ok((prompt, whole[at..].to_owned()))
}

/// Reads back what a template writes, and describes what is wrong.
fn check(source: &str) -> Result<&'static str, String> {
    let template = ChatTemplate::new(source, "<s>", "</s>").map_err(|error| error.to_string())?;
    let format = template.output_format();
    if !format.has_calls() {
        return Ok(format.name());
    }
    let (prompt, turn) = written(&template).map_err(|error| error.to_string())?;
    if !turn.contains("get_weather") {
        return Ok("writes no calls");
    }
    // What the template adds to a prompt that goes on may not be there in a turn that ended.
    let prompt = if turn.starts_with('<') { Prompt::default() } else { prompt };
    let answer = read_in_every_way(format, &prompt, &turn);
    let expected = json!({ "city": "Zürich \"x\"", "days": 2, "hourly": true });
    if calls(&answer) == [("get_weather", expected)] {
        return Ok(format.name());
    }
    Err(format!(
        "{}: {turn:?}\n  {:?} {:?} {:?}",
        format.name(),
        reasoning(&answer),
        content(&answer),
        answer.message.tool_calls
    ))
}

#[test]
fn the_calls_of_published_templates_are_read_back() {
    for (name, format) in [
        ("Qwen-Qwen3-0.6B", "hermes"),
        ("mistralai-Mistral-Nemo-Instruct-2407", "mistral"),
        ("openai-gpt-oss-120b", "harmony"),
    ] {
        let source = std::fs::read_to_string(wgslm_testing::golden(&format!("chat_templates/{name}.jinja"))).unwrap();
        assert_eq!(check(&source), Ok(format), "{name}");
    }
}

#[test]
#[ignore = "needs a folder of templates, at the path that WGSLM_CHAT_TEMPLATES gives"]
fn the_calls_of_more_published_templates_are_read_back() {
    let folder = std::env::var("WGSLM_CHAT_TEMPLATES").unwrap();
    let mut wrong = 0;
    for entry in Path::new(&folder).read_dir().unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "jinja") {
            let result = check(&std::fs::read_to_string(&path).unwrap());
            wrong += usize::from(result.is_err());
            eprintln!("{}: {}", path.file_stem().unwrap().display(), result.unwrap_or_else(|error| error.leak()));
        }
    }
    assert_eq!(wrong, 0, "templates whose calls aren't read back");
}
