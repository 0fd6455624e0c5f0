//! Answers of every family as they come, cut anywhere.

use serde_json::{Value, json};
use wgslm_text::Prompt;
use wgslm_text::chat::{Delta, OutputFormat};

use super::parser::{calls, content, format, read, read_in_every_way, reasoning, tools};

/// A format, an answer in it, and what is to be read in it: reasoning, content, calls.
pub(crate) struct Case(pub(crate) &'static str, pub(crate) &'static str, &'static str, &'static str, Value);

pub(crate) fn cases() -> Vec<Case> {
    let weather = || json!([["get_weather", { "city": "Zürich", "days": 2 }]]);
    let both = || json!([["get_weather", { "city": "a}\"<b" }], ["now", {}]]);
    vec![
        Case("hermes", "Just text.\n", "", "Just text.\n", json!([])),
        Case(
            "hermes",
            "<think>\nHm.\n</think>\n\nLet me see.\n<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Zürich\", \"days\": 2}}\n</tool_call>",
            "Hm.",
            "Let me see.",
            weather(),
        ),
        Case(
            "hermes",
            "<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"a}\\\"<b\"}}\n</tool_call>\n<tool_call>\n{\"name\": \"now\", \"arguments\": {}}\n</tool_call>",
            "",
            "",
            both(),
        ),
        // Arguments first, as a string, missing, or null.
        Case(
            "hermes",
            "<tool_call>{\"arguments\":{\"city\":\"Zürich\",\"days\":2},\"name\":\"get_weather\"}</tool_call>",
            "",
            "",
            weather(),
        ),
        Case(
            "hermes",
            "<tool_call>{\"name\":\"get_weather\",\"arguments\":\"{\\\"city\\\": \\\"Zürich\\\", \\\"days\\\": 2}\"}</tool_call>",
            "",
            "",
            weather(),
        ),
        Case("hermes", "<tool_call>{\"name\": \"now\"}</tool_call>", "", "", json!([["now", {}]])),
        Case("hermes", "<tool_call>{\"name\": \"now\", \"arguments\": null}", "", "", json!([["now", {}]])),
        Case(
            "hermes",
            "<tool_call>[{\"name\": \"now\", \"arguments\": {}}, {\"name\": \"now\"}]</tool_call> Done.",
            "",
            "Done.",
            json!([["now", {}], ["now", {}]]),
        ),
        // A newline in a string, which JSON doesn't allow.
        Case(
            "hermes",
            "<tool_call>{\"name\": \"get_weather\", \"arguments\": {\"city\": \"a\nb\\u00e9\"}}</tool_call>",
            "",
            "",
            json!([["get_weather", { "city": "a\nbé" }]]),
        ),
        Case("hermes", "An aside: <think> is a tag.", "", "An aside: <think> is a tag.", json!([])),
        Case(
            "qwen3-coder",
            "I look.\n\n<tool_call>\n<function=get_weather>\n<parameter=city>\nZürich\n</parameter>\n<parameter=days>\n2\n</parameter>\n</function>\n</tool_call>",
            "",
            "I look.",
            weather(),
        ),
        Case(
            "qwen3-coder",
            "<tool_call>\n<function=get_weather>\n<parameter=city>\n\"a\"\n\n </para\n</parameter>\n<parameter=hourly>\nTrue\n</parameter>\n<parameter=units>\nnull\n</parameter>\n<parameter=place>\n{\"lat\": 1.50}\n</parameter>\n<parameter=tags>[\"x\"]</parameter>\n<parameter=other>\n12\n</parameter>\n</function>\n</tool_call>\n<tool_call><function=now></function></tool_call>",
            "",
            "",
            json!([
                ["get_weather", {
                    "city": "\"a\"\n\n </para", "hourly": true, "units": null, "place": { "lat": 1.5 }, "tags": ["x"], "other": "12"
                }],
                ["now", {}],
            ]),
        ),
        Case("qwen3-coder", "<function=now>\n</function>\n</tool_call>", "", "", json!([["now", {}]])),
        Case(
            "llama3",
            "{\"name\": \"get_weather\", \"parameters\": {\"city\": \"Zürich\", \"days\": 2}}",
            "",
            "",
            weather(),
        ),
        Case(
            "llama3",
            "<|python_tag|>{\"type\": \"function\", \"name\": \"get_weather\", \"parameters\": {\"city\": \"a}\\\"<b\"}}; {\"name\": \"now\", \"parameters\": {}}",
            "",
            "",
            both(),
        ),
        // JSON that is no call, and a call of a tool that isn't there.
        Case("llama3", "{\"answer\": {\"name\": 1}}", "", "{\"answer\": {\"name\": 1}}", json!([])),
        Case("llama3", " {\"name\": \"Bob\", \"age\": 3}\n", "", " {\"name\": \"Bob\", \"age\": 3}\n", json!([])),
        Case("llama3", "Set {1, 2}; {\"name\": \"now\"}", "", "Set {1, 2}; {\"name\": \"now\"}", json!([])),
        Case(
            "mistral",
            "[TOOL_CALLS][{\"name\": \"get_weather\", \"arguments\": {\"city\": \"a}\\\"<b\"}, \"id\": \"abcdef123\"}, {\"name\": \"now\", \"arguments\": {}}]",
            "",
            "",
            both(),
        ),
        Case(
            "mistral",
            "[THINK]Hm.[/THINK]Let me see.[TOOL_CALLS]get_weather[ARGS]{\"city\": \"a}\\\"<b\"}[TOOL_CALLS]now[CALL_ID]abcdef123[ARGS]{}",
            "Hm.",
            "Let me see.",
            both(),
        ),
        Case("mistral", "[TOOL_CALLS] now{}", "", "", json!([["now", {}]])),
        Case(
            "gemma4",
            "<|channel>thought\nHm.\n<channel|><|tool_call>call:get_weather{city:<|\"|>Zürich<|\"|>,days:2}<tool_call|>",
            "Hm.",
            "",
            weather(),
        ),
        Case(
            "gemma4",
            "<|tool_call>call:get_weather{city:<|\"|>a}\"<b<|\"|>}<tool_call|><|tool_call>call:now{}<tool_call|>",
            "",
            "",
            both(),
        ),
        Case(
            "gemma4",
            "<|tool_call>call:get_weather{place:{lat:-1.5e3,<|\"|>a b<|\"|>:[true,None,<|\"|>\\n\n<|<|\"|>]},tags:[]}<tool_call|>",
            "",
            "",
            json!([["get_weather", { "place": { "lat": -1500.0, "a b": [true, null, "\\n\n<|"] }, "tags": [] }]]),
        ),
        Case(
            "harmony",
            "<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>final<|message|>Hello.<|return|>",
            "Hm.",
            "Hello.",
            json!([]),
        ),
        Case(
            "harmony",
            "<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>commentary<|message|>I look.<|end|><|start|>assistant<|channel|>commentary to=functions.get_weather <|constrain|>json<|message|>{\"city\": \"Zürich\", \"days\": 2}<|call|>",
            "Hm.",
            "I look.",
            weather(),
        ),
        Case(
            "harmony",
            " to=functions.get_weather<|channel|>commentary json<|message|>{\"city\":\"a}\\\"<b\"}<|call|><|start|>assistant to=functions.now<|channel|>commentary<|message|>{}",
            "",
            "",
            both(),
        ),
        Case("harmony", "No header at all.", "", "No header at all.", json!([])),
        Case(
            "lfm2",
            "<think>Hm.</think>Let me see.<|tool_call_start|>[get_weather(city=\"Zürich\", days=2)]<|tool_call_end|>",
            "Hm.",
            "Let me see.",
            weather(),
        ),
        Case(
            "lfm2",
            "<|tool_call_start|>[get_weather(city='a}\"<b'), now()]<|tool_call_end|>Calling.",
            "",
            "Calling.",
            both(),
        ),
        Case(
            "lfm2",
            "<|tool_call_start|>get_weather(city='it\\'s \\x41\\u00e9\\q\\n', hourly=True, units=None, place={'lat': -1.5, \"a\": [1, 'b', ], }, tags=[])<|tool_call_end|>",
            "",
            "",
            json!([["get_weather", {
                "city": "it's Aé\\q\n", "hourly": true, "units": null, "place": { "lat": -1.5, "a": [1, "b"] }, "tags": []
            }]]),
        ),
        Case("granite", "<|tool_call|>[{\"name\": \"now\", \"arguments\": {}}]", "", "", json!([["now", {}]])),
        Case("none", "<think>Hm.</think>Hello <tool_call>", "Hm.", "Hello <tool_call>", json!([])),
    ]
}

#[test]
fn reasoning_text_and_calls_come_out_whatever_the_cuts() {
    for Case(name, text, expected_reasoning, expected_content, expected_calls) in cases() {
        let answer = read_in_every_way(format(name), &Prompt::default(), text);
        let found: Vec<Value> = calls(&answer).into_iter().map(|(name, arguments)| json!([name, arguments])).collect();
        let found = (reasoning(&answer), content(&answer), Value::Array(found));
        assert_eq!(found, (expected_reasoning, expected_content, expected_calls), "{name}: {text:?}");
        assert!(!answer.unfinished_call, "{name}: {text:?}");
    }
}

#[test]
fn arguments_stream_as_they_come() {
    let prefixes = [
        ("hermes", "<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Zü", "{\"city\": \"Zü"),
        ("qwen3-coder", "<tool_call>\n<function=get_weather>\n<parameter=city>\nZü", "{\"city\": \"Zü"),
        ("llama3", "{\"name\": \"get_weather\", \"parameters\": {\"city\": \"Zü", "{\"city\": \"Zü"),
        ("mistral", "[TOOL_CALLS]get_weather[ARGS]{\"city\": \"Zü", "{\"city\": \"Zü"),
        ("gemma4", "<|tool_call>call:get_weather{city:<|\"|>Zü", "{\"city\":\"Zü"),
        ("harmony", "<|channel|>commentary to=functions.get_weather<|message|>{\"city\": \"Zü", "{\"city\": \"Zü"),
        ("lfm2", "<|tool_call_start|>[get_weather(city=\"Zü", "{\"city\": \"Zü"),
    ];
    for (name, text, arguments) in prefixes {
        let mut parser = wgslm_text::chat::ChatParser::new(format(name), &tools(), 7);
        let deltas = parser.push(text);
        let [Delta::ToolCall { name: tool, .. }, Delta::Arguments { text, .. }] = deltas.as_slice() else {
            panic!("{name}: {deltas:?}");
        };
        assert_eq!((tool.as_str(), text.as_str()), ("get_weather", arguments), "{name}");
        assert_eq!(parser.push("ri"), [Delta::Arguments { index: 0, text: "ri".to_owned() }], "{name}");
    }
}

#[test]
fn reasoning_that_the_template_opened_needs_no_opening() {
    for (name, prompt, text, expected) in [
        ("hermes", "<|im_start|>assistant\n<think>\n", "Hm.\n</think>\n\nHello", ("Hm.", "Hello")),
        ("hermes", "<|im_start|>assistant\n<think>\n\n</think>\n\n", "Hello", ("", "Hello")),
        ("mistral", "[/INST][THINK]", "Hm.[/THINK]Hello", ("Hm.", "Hello")),
        ("gemma4", "<|turn>model\n<|channel>thought\n", "Hm.\n<channel|>Hello", ("Hm.", "Hello")),
        ("gemma4", "<|turn>model\n<|channel>thought\n<channel|>", "Hello", ("", "Hello")),
        (
            "harmony",
            "<|start|>user<|message|>Hi<|end|><|start|>assistant",
            "<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>final<|message|>Hello",
            ("Hm.", "Hello"),
        ),
        ("harmony", "<|start|>assistant<|channel|>analysis<|message|>", "Hm.<|end|>", ("Hm.", "")),
        ("harmony", "<|start|>assistant<|channel|>final<|message|>Well, ", "hello", ("", "hello")),
        ("harmony", "<|start|>assistant", "No header.\n", ("", "No header.\n")),
    ] {
        let answer = read_in_every_way(format(name), &Prompt::trusted(prompt), text);
        assert_eq!((reasoning(&answer), content(&answer)), expected, "{name}: {prompt:?} {text:?}");
    }
    let forged = wgslm_text::Segment { text: "<think>".to_owned(), trusted: false };
    let (answer, _) = read(format("hermes"), &tools(), &Prompt::new(vec![forged]), ["Hello"]);
    assert_eq!((reasoning(&answer), content(&answer)), ("", "Hello"));
}

#[test]
fn calls_are_text_where_there_are_no_tools() {
    for Case(name, text, _, expected, calls) in cases() {
        let (answer, _) = read(format(name), &[], &Prompt::default(), [text]);
        assert!(answer.message.tool_calls.is_empty(), "{name}: {text:?}");
        if calls == json!([]) {
            assert_eq!(content(&answer), expected, "{name}: {text:?}");
        } else {
            assert!(content(&answer).contains("get_weather") || text.contains("now"), "{name}: {text:?}");
        }
    }
}

#[test]
fn ids_are_new_for_each_call_and_answer_and_such_as_mistral_takes() {
    let ids = |seed| -> Vec<String> {
        let mut parser = wgslm_text::chat::ChatParser::new(format("lfm2"), &tools(), seed);
        let deltas = parser.push("<|tool_call_start|>[now(), now(), now()]");
        let id = |delta| if let Delta::ToolCall { id, .. } = delta { Some(id) } else { None };
        deltas.into_iter().filter_map(id).collect()
    };
    let mut all: Vec<String> = (0..100).flat_map(ids).collect();
    assert_eq!(all.len(), 300);
    assert!(all.iter().all(|id| id.len() == 9 && id.bytes().all(|byte| byte.is_ascii_alphanumeric())), "{all:?}");
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 300);
    assert_eq!(ids(5), ids(5));
}

#[test]
fn formats_are_found_by_name_and_detected_by_their_markers() {
    for name in OutputFormat::names() {
        assert_eq!(OutputFormat::named(name).map(|format| format.name()), Some(name));
    }
    assert_eq!(OutputFormat::named("nonesuch"), None);
    for (source, name, has_calls) in [
        ("{{ '<|im_start|>' }}", "none", false),
        ("{{ '<tool_call>' }}", "hermes", true),
        ("{{ '<tool_call><function=' ~ name ~ '<parameter=' }}", "qwen3-coder", true),
        ("{{ '<tool_call>' ~ name ~ '<arg_key>' }}", "none", false),
        ("{{ '<|start|>' }}{{ '<|channel|>final<|message|>' }}", "harmony", true),
    ] {
        let format = OutputFormat::detect(source);
        assert_eq!((format.name(), format.has_calls()), (name, has_calls), "{source}");
    }
    assert!(OutputFormat::named("harmony").unwrap().marker_texts().any(|text| text == "<|message|>"));
    assert!(OutputFormat::named("gemma4").unwrap().marker_texts().any(|text| text == "<|channel>"));
}
