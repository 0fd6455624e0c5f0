//! Tests of `wgslm chat`, and of answers by a grammar.

use std::io::Write as _;
use std::process::Stdio;

use serde_json::{Value, json};
use wgslm_testing::smollm2_model;

use crate::program::{command, has_device, json_lines, text_of, tiny_model, wgslm};

/// The events of a conversation in which these lines are typed.
fn events(arguments: &[&str], lines: &str) -> Vec<Value> {
    let mut chat = command(&[&["chat", "--json"], arguments].concat());
    let mut chat = chat.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the program starts");
    chat.stdin.take().expect("it is piped").write_all(lines.as_bytes()).expect("the program reads");
    let output = chat.wait_with_output().expect("the program ends");
    assert!(output.status.success(), "{output:?}");
    json_lines(std::str::from_utf8(&output.stdout).expect("it is text"))
}

fn of_kind<'a>(events: &'a [Value], kind: &str) -> Vec<&'a Value> {
    events.iter().filter(|event| event["event"] == kind).collect()
}

#[test]
fn a_script_holds_a_conversation() {
    let Some(model) = smollm2_model().filter(|_| has_device()) else { return };
    let model = text_of(model);
    let arguments = ["--model", &model, "--max-tokens", "12", "--seed", "1", "--lookup"];
    let lines = "What is the capital of Japan?\n/again\nAnd its\\\nlargest river?\n/nonsense\n/undo\n/reset\nHi\n/exit\nnever read\n";
    let events = events(&arguments, lines);
    assert_eq!(events[0]["event"], "ready");
    let answers = of_kind(&events, "finished");
    assert_eq!(answers.len(), 4, "{events:?}");
    for answer in &answers {
        assert_eq!(answer["message"]["role"], "assistant");
        assert!(!answer["message"]["content"].as_str().expect("text").is_empty());
    }
    let content = |answer: &Value| answer["message"]["content"].as_str().map(str::to_owned);
    assert!(content(answers[0]).is_some_and(|text| text.contains("Tokyo")), "{events:?}");
    // Greedy: another seed changes nothing.
    assert_eq!(content(answers[0]), content(answers[1]));
    let cached = |answer: &Value| answer["usage"]["cached_tokens"].as_u64();
    assert!(cached(answers[2]) > cached(answers[0]), "a later turn starts from what was read");
    assert_eq!(of_kind(&events, "note").len(), 3);
    // The deltas of an answer are its message.
    let ends: Vec<usize> = (0..events.len()).filter(|index| events[*index]["event"] == "finished").collect();
    let deltas = events[1..ends[0]].iter().filter_map(|event| event["content"].as_str());
    assert_eq!(Some(deltas.collect::<String>()), content(answers[0]));
}

#[test]
fn a_model_without_a_chat_template_is_refused_before_the_first_question() {
    if has_device() {
        wgslm(&["chat", "--model", &tiny_model()]).failed(1, "this model has none");
    }
}

#[test]
fn answers_follow_grammars_and_wrong_ones_are_refused() {
    if !has_device() {
        return;
    }
    let model = tiny_model();
    let ask = |arguments: &[&str]| {
        let asked = ["generate", "--model", &model, "--tokens", "1,2", "--temperature", "1", "--max-tokens", "100"];
        wgslm(&[&asked[..], arguments, &["--json"]].concat())
    };
    let schema = json!({"type": "array", "items": {"enum": [1, 2, 30]}, "minItems": 3, "maxItems": 3}).to_string();
    let report = ask(&["--json-schema", &schema, "--n", "3"]).json();
    let answers = report["answers"].as_array().expect("a list");
    assert_eq!((answers.len(), &answers[0]["text"]), (3, &report["text"]));
    for answer in answers.iter().filter(|answer| answer["finish_reason"] == "stop") {
        let text = answer["text"].as_str().expect("text");
        let value: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(value.as_array().map(Vec::len), Some(3), "{text}");
    }
    let report = ask(&["--regex", "[ab]{5}"]).json();
    assert_eq!(report["text"].as_str().map(|text| (text.len(), text.trim_matches(['a', 'b']).len())), Some((5, 0)));
    ask(&["--json-schema", r#"{"type": "strin"}"#]).failed(1, "JSON Schema");
    ask(&["--regex", "("]).failed(1, "regular expression");
    ask(&["--lark", "no such file"]).failed(1, "no such file");
    ask(&["--regex", "a", "--json-object"]).failed(2, "cannot be used with");
}

#[test]
fn an_answer_goes_on_beyond_its_context() {
    if !has_device() {
        return;
    }
    let asked = ["generate", "--model", &tiny_model(), "--tokens", "1,2", "--temperature", "1000000", "--seed", "3"];
    let slid =
        wgslm(&[&asked[..], &["--context", "16", "--slide", "2", "--max-tokens", "40", "--json"]].concat()).json();
    assert_eq!((slid["tokens"].as_array().map(Vec::len), &slid["finish_reason"]), (Some(40), &json!("length")));
}
