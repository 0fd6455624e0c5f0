//! The forms of OpenAI's API: what is read, what is written, and what is refused.

use serde_json::{Value, json};
use wgslm_text::chat::{Answer, ChatFinishReason, Content, Delta, Part, ToolCall, ToolChoice};
use wgslm_text::{ChatTemplate, Conversation, Error, Message};

#[test]
fn messages_keep_their_form_on_the_wire() {
    for wire in [
        json!({ "role": "user", "content": "Hi" }),
        json!({ "role": "user", "content": [{ "type": "text", "text": "Hi" }] }),
        json!({ "role": "user", "content": [{ "type": "image_url", "image_url": { "url": "data:" } }] }),
        json!({ "role": "user", "content": "Hi", "name": "Ann", "mood": { "a": [1] } }),
        json!({ "role": "tool", "content": "7", "tool_call_id": "1" }),
        json!({ "role": "assistant", "content": null, "reasoning_content": "Hm.", "tool_calls": [
            { "id": "1", "type": "function", "function": { "name": "f", "arguments": "{\"a\":1}" } },
        ] }),
    ] {
        let message: Message = serde_json::from_value(wire.clone()).unwrap();
        assert_eq!(serde_json::to_value(&message).unwrap(), wire);
    }
}

#[test]
fn looser_forms_are_read_as_well() {
    let read = |wire: Value| serde_json::from_value::<Message>(wire).unwrap();
    assert_eq!(read(json!({ "role": "assistant", "tool_calls": null })).tool_calls, []);
    assert_eq!(read(json!({ "role": "assistant", "reasoning": "Hm." })).reasoning_content.as_deref(), Some("Hm."));
    let calls =
        json!([{ "id": "1", "function": { "name": "f", "arguments": { "a": 1 } } }, { "function": { "name": "g" } }]);
    let message = read(json!({ "role": "assistant", "content": "", "tool_calls": calls }));
    assert_eq!(message.tool_calls, [ToolCall::new("1", "f", "{\"a\":1}"), ToolCall::new("", "g", "")]);
    assert!(message.tool_calls[1].arguments().unwrap().is_empty());
}

#[test]
fn a_conversation_keeps_its_form_on_the_wire() {
    let tools = json!([{ "type": "function", "function": { "name": "f", "parameters": {} } }]);
    for (choice, expected) in [
        (json!("auto"), ToolChoice::Auto),
        (json!("none"), ToolChoice::None),
        (json!("required"), ToolChoice::Required),
        (json!({ "type": "function", "function": { "name": "f" } }), ToolChoice::Function("f".to_owned())),
    ] {
        let wire = json!({ "messages": [], "tools": tools, "tool_choice": choice, "parallel_tool_calls": false });
        let conversation: Conversation = serde_json::from_value(wire.clone()).unwrap();
        assert_eq!(conversation.tool_choice, expected);
        assert!(conversation.add_generation_prompt);
        conversation.check_tools().unwrap();
        let mut written = serde_json::to_value(&conversation).unwrap();
        assert_eq!(written["tool_choice"], if expected == ToolChoice::Auto { Value::Null } else { choice });
        written["tool_choice"] = wire["tool_choice"].clone();
        assert_eq!(written["tools"], tools);
    }
    let failure =
        serde_json::from_value::<Conversation>(json!({ "messages": [], "tool_choice": "maybe" })).unwrap_err();
    assert!(failure.to_string().contains("\"required\""), "{failure}");
    let failure = serde_json::from_value::<Message>(json!({ "role": "user", "content": 3 })).unwrap_err();
    assert!(failure.to_string().contains("a list of parts"), "{failure}");
}

#[test]
fn what_can_not_be_used_is_a_typed_error_that_names_it() {
    let template = ChatTemplate::new("{% for m in messages %}{{ m.content }}{% endfor %}", "<s>", "</s>").unwrap();
    let image = Part::from(json!({ "type": "image_url", "image_url": {} }));
    let message = Message::new("user", vec![Part::Text("See".to_owned()), image]);
    let error = template.render(&[message], true).unwrap_err();
    assert!(matches!(&error, Error::UnsupportedContent { kind } if kind == "image_url"), "{error}");
    assert_eq!(error.code(), "unsupported-content");
    for arguments in ["{\"a\"", "[1]", "junk"] {
        let message = Message::new("assistant", "").with_tool_calls([ToolCall::new("1", "f", arguments)]);
        let error = template.render(&[message], true).unwrap_err();
        assert!(matches!(&error, Error::ToolArguments { tool, .. } if tool == "f"), "{error}");
        assert_eq!(error.code(), "tool-arguments");
    }
    let f = json!({ "type": "function", "function": { "name": "f" } });
    for (tools, tool_choice, named) in [
        (vec![json!({ "type": "retrieval" })], ToolChoice::Auto, "tools[0]"),
        (vec![f.clone(), json!({ "type": "function", "function": { "name": "" } })], ToolChoice::Auto, "tools[1]"),
        (vec![f], ToolChoice::Function("g".to_owned()), "\"g\""),
        (vec![], ToolChoice::Required, "no tools"),
    ] {
        let error =
            Conversation { tools: Some(tools), tool_choice, ..Conversation::default() }.check_tools().unwrap_err();
        assert!(error.code() == "tool" && error.to_string().contains(named), "{error}");
    }
}

#[test]
fn deltas_and_answers_have_the_form_of_the_api() {
    let deltas = [
        (Delta::Reasoning("Hm.".to_owned()), json!({ "reasoning_content": "Hm." })),
        (Delta::Content("Well".to_owned()), json!({ "content": "Well" })),
        (
            Delta::ToolCall { index: 0, id: "1".to_owned(), name: "f".to_owned() },
            json!({ "tool_calls": [{ "index": 0, "id": "1", "type": "function", "function": { "name": "f", "arguments": "" } }] }),
        ),
        (
            Delta::Arguments { index: 0, text: "{}".to_owned() },
            json!({ "tool_calls": [{ "index": 0, "function": { "arguments": "{}" } }] }),
        ),
        (Delta::ToolCallEnd { index: 0, complete: true }, json!({})),
    ];
    let mut answer = Answer::new();
    for (delta, wire) in deltas {
        assert_eq!(serde_json::to_value(&delta).unwrap(), wire);
        answer.push(&delta);
    }
    let call = json!({ "id": "1", "type": "function", "function": { "name": "f", "arguments": "{}" } });
    let message = json!({ "role": "assistant", "content": "Well", "reasoning_content": "Hm.", "tool_calls": [call] });
    let finished = answer.finish(false);
    assert_eq!(serde_json::to_value(&finished).unwrap(), json!({ "message": message, "finish_reason": "tool_calls" }));
    assert_eq!(Answer::new().finish(true).finish_reason, ChatFinishReason::Length);
    assert_eq!(Answer::new().finish(false).message.content, Some(Content::from("")));
}
