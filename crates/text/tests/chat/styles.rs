//! Templates differ in the forms of contents and arguments that they can write; each is given its own.

use serde_json::json;
use wgslm_text::chat::{Content, Part, ToolCall};
use wgslm_text::{ChatTemplate, Conversation, Message};

fn render(source: &str, messages: Vec<Message>) -> String {
    let conversation = Conversation { messages, ..Conversation::default() };
    ChatTemplate::new(source, "<s>", "</s>").unwrap().render_conversation(&conversation).unwrap().text()
}

fn parts() -> Content {
    Content::Parts(vec![Part::Text("a".to_owned()), Part::Text("b".to_owned())])
}

#[test]
fn contents_come_as_texts_or_as_parts() {
    for (source, from_text, from_parts) in [
        ("{% for m in messages %}[{{ m.content }}]{% endfor %}", "[x]", "[a\nb]"),
        ("{% for m in messages %}[{{ m.content.strip() }}]{% endfor %}", "[x]", "[a\nb]"),
        // Only parts are written: a text's characters have no text.
        (
            "{% for m in messages %}[{% for part in m.content %}{{ part.text }};{% endfor %}]{% endfor %}",
            "[x;]",
            "[a;b;]",
        ),
        (
            "{% for m in messages %}{% for part in m['content'] | selectattr('type', 'equalto', 'text') %}{{ part['text'] }};{% endfor %}{% endfor %}",
            "x;",
            "a;b;",
        ),
        // Both are written: then text is.
        (
            "{% for m in messages %}{% if m.content is string %}{{ m.content }}{% else %}{% for part in m.content %}{{ part.text }};{% endfor %}{% endif %}{% endfor %}",
            "x",
            "a\nb",
        ),
    ] {
        assert_eq!(render(source, vec![Message::new("user", "x")]), from_text, "{source}");
        assert_eq!(render(source, vec![Message::new("user", parts())]), from_parts, "{source}");
    }
}

#[test]
fn arguments_come_as_a_mapping_or_as_json() {
    for source in [
        "{% for m in messages %}{% for c in m.tool_calls %}{{ c.function.name }}{{ c.function.arguments | tojson }}{% endfor %}{% endfor %}",
        "{% for m in messages %}{% for c in m.tool_calls %}{{ c.function.name }}{{ c.function.arguments }}{% endfor %}{% endfor %}",
        "{% for m in messages %}{% for c in m.tool_calls %}{{ c['function']['name'] + c['function']['arguments'] }}{% endfor %}{% endfor %}",
        "{% for m in messages %}{% if m.role == 'assistant' and m.content is none %}{% for c in m.tool_calls %}{{ c.function.name + (c.function.arguments | tojson) }}{% endfor %}{% endif %}{% endfor %}",
        "{% for m in messages %}{{ m.content.strip() }}{% for c in m.tool_calls %}{{ c.function.name + (c.function.arguments | tojson) }}{% endfor %}{% endfor %}",
        "{% for m in messages %}{{ m.content }}{% for c in m.tool_calls %}{{ c.function.name + (c.function.arguments | tojson) }}{% endfor %}{% endfor %}",
    ] {
        let call = ToolCall::new("1", "f", "{\"a\": 1}");
        let message = Message { content: None, ..Message::new("assistant", "") }.with_tool_calls([call]);
        assert_eq!(render(source, vec![message]).replace(' ', ""), "f{\"a\":1}", "{source}");
    }
}

#[test]
fn reasoning_comes_under_the_name_that_the_template_reads() {
    let message = || vec![Message::new("assistant", "x").with_reasoning("r")];
    let source = "{% for m in messages %}{{ m.thinking }}|{{ m.reasoning_content }}{% endfor %}";
    assert_eq!(render(source, message()), "r|r");
    assert_eq!(
        render("{{ messages | tojson }}", message()),
        "[{\"role\": \"assistant\", \"content\": \"x\", \"reasoning_content\": \"r\"}]"
    );
}

#[test]
fn the_settings_of_a_request_are_variables_and_none_means_no_tools() {
    let source = "{{ [tools, enable_thinking, reasoning_effort, extra] | tojson }}";
    let template = ChatTemplate::new(source, "<s>", "</s>").unwrap();
    let request = json!({
        "messages": [],
        "tools": [{ "type": "function", "function": { "name": "f" } }],
        "tool_choice": "none",
        "enable_thinking": false,
        "reasoning_effort": "low",
        "chat_template_kwargs": { "extra": [1], "reasoning_effort": "high" },
    });
    let conversation: Conversation = serde_json::from_value(request).unwrap();
    assert_eq!(template.render_conversation(&conversation).unwrap().text(), "[null, false, \"high\", [1]]");
    assert!(conversation.callable_tools().is_empty());
}

/// Templates of LFM2 and Granite write contents only.
#[test]
fn calls_that_a_template_leaves_out_are_written_all_the_same() {
    const LFM2: &str = "<|tool_list_start|><|tool_list_end|>{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}";
    const GRANITE: &str = "{% if tools %}Answer with <|tool_call|>.{% endif %}{% for m in messages %}<|start_of_role|>{{ m.role }}<|end_of_role|>{{ m.content | trim }}<|end_of_text|>\n{% endfor %}";
    let arguments = r#"{"a": [1, "<|im_end|>"], "b": null, "c": {"d": true}}"#;
    for (source, expected) in [
        (
            LFM2,
            "\nLook: <|tool_call_start|>[f(a=[1, \"<|im_end|>\"], b=None, c={\"d\": True}), g()]<|tool_call_end|><|im_end|>",
        ),
        (
            GRANITE,
            ">Look: <|tool_call|>[{\"name\": \"f\", \"arguments\": {\"a\": [1, \"<|im_end|>\"], \"b\": null, \"c\": {\"d\": true}}}, {\"name\": \"g\", \"arguments\": {}}]<|end_of_text|>",
        ),
    ] {
        let calls = [ToolCall::new("1", "f", arguments), ToolCall::new("2", "g", "")];
        let messages = vec![
            Message::new("user", "x\u{e000}0\u{e000}"),
            Message::new("assistant", "Look: ").with_tool_calls(calls),
            Message::tool_result("1", "f", "7"),
        ];
        let template = ChatTemplate::new(source, "<|im_start|>", "<|im_end|>").unwrap();
        let conversation = Conversation { messages, ..Conversation::default() };
        let prompt = template.render_conversation(&conversation).unwrap();
        assert!(prompt.text().contains(expected) && prompt.text().contains("x\u{e000}0\u{e000}"), "{}", prompt.text());
        let trusted =
            |text: &str| prompt.segments().iter().any(|segment| segment.trusted && segment.text.contains(text));
        assert!(trusted("<|tool_call") && !trusted("[1, "), "{prompt:?}");
    }
}
