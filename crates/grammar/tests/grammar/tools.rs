//! Answers that call tools.

use serde_json::{Value, json};
use wgslm_grammar::{Tool, ToolCalls, Whitespace};

use crate::{model, vocabularies};

fn tools() -> Vec<Tool> {
    let weather = json!({
        "type": "object", "required": ["place"], "additionalProperties": false,
        "properties": {"place": {"$ref": "#/$defs/place"}}, "$defs": {"place": {"type": "string", "maxLength": 5}},
    });
    let add = json!({
        "type": "object", "required": ["terms"], "additionalProperties": false,
        "properties": {"terms": {"type": "array", "items": {"type": "integer", "minimum": 0, "maximum": 99}}},
    });
    let tool = |name: &str, parameters: Value| Tool { name: name.to_owned(), parameters: parameters.to_string() };
    vec![tool("weather \"now\"", weather), tool("add", add)]
}

fn calls(between: Option<&str>, whitespace: Whitespace) -> ToolCalls {
    ToolCalls {
        before: "<tool_call>\n".to_owned(),
        after: "\n</tool_call>".to_owned(),
        between: between.map(str::to_owned),
        arguments_key: "arguments".to_owned(),
        whitespace,
    }
}

#[test]
fn calls_name_a_tool_and_give_it_valid_arguments() {
    for whitespace in [Whitespace::Compact, Whitespace::Flexible] {
        let grammar = calls(Some("\n"), whitespace).grammar(&tools()).unwrap();
        for subject in vocabularies::all() {
            for seed in 0..10 {
                let text = model::answer(subject, &grammar, seed);
                for call in text.split("</tool_call>").map(str::trim_ascii).filter(|call| !call.is_empty()) {
                    let call: Value = serde_json::from_str(call.strip_prefix("<tool_call>\n").unwrap()).unwrap();
                    let tool = tools().into_iter().find(|tool| call["name"] == tool.name.as_str()).unwrap();
                    let parameters = serde_json::from_str(&tool.parameters).unwrap();
                    assert!(jsonschema::is_valid(&parameters, &call["arguments"]), "{text}");
                }
            }
        }
    }
}

#[test]
fn several_calls_are_made_only_where_they_may_be() {
    let subject = vocabularies::bytes();
    for (between, may) in [(None, false), (Some("\n"), true)] {
        let grammar = calls(between, Whitespace::Compact).grammar(&tools()).unwrap();
        let mut constraint = subject.compiler.compile(&grammar).unwrap();
        let call = "<tool_call>\n{\"name\":\"add\",\"arguments\":{\"terms\":[1]}}\n</tool_call>";
        for byte in call.bytes() {
            constraint.commit(byte.into()).unwrap();
        }
        assert!(constraint.is_accepting());
        assert_eq!(constraint.is_complete(), !may);
        assert_eq!(constraint.commit(u32::from(b'\n')).is_ok(), may);
    }
}

#[test]
fn what_can_not_be_called_is_an_error() {
    let calls = calls(None, Whitespace::Compact);
    assert_eq!(calls.grammar(&[]).unwrap_err().code(), "invalid-grammar");
    let broken = Tool { name: "broken".to_owned(), parameters: "{".to_owned() };
    assert!(calls.grammar(&[broken]).unwrap_err().to_string().contains("\"broken\""));
}
