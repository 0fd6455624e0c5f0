//! `/v1/chat/completions`.

use serde_json::{Value, json};

use crate::setup::shared;

fn question(more: &Value) -> Value {
    let mut body = json!({ "model": "any", "messages": [{ "role": "user", "content": "Hi" }], "temperature": 0, "max_tokens": 6,
        "unheard_of": { "a": 1 }, "user": null });
    body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    body
}

fn rain() -> Value {
    json!([{ "type": "function", "function": { "name": "rain", "parameters": { "type": "object",
        "properties": { "city": { "enum": ["Rome", "Oslo"] } }, "required": ["city"], "additionalProperties": false } } }])
}

#[test]
fn an_answer_has_the_shape_of_openai() {
    let Some(server) = shared() else { return };
    let answer = server.json("/v1/chat/completions", &question(&json!({})));
    assert_eq!((&answer["object"], &answer["model"]), (&json!("chat.completion"), &json!("any")));
    assert!(answer["id"].as_str().is_some_and(|id| id.starts_with("chatcmpl-")), "{answer}");
    let choice = &answer["choices"][0];
    assert_eq!((&choice["message"]["role"], &choice["logprobs"]), (&json!("assistant"), &Value::Null));
    assert!(["stop", "length"].contains(&choice["finish_reason"].as_str().expect("a reason")));
    let usage = &answer["usage"];
    let count = |name: &str| usage[name].as_u64().expect("a count");
    assert!(count("prompt_tokens") > 10 && (1..=6).contains(&count("completion_tokens")), "{usage}");
    assert_eq!(count("total_tokens"), count("prompt_tokens") + count("completion_tokens"));
}

#[test]
fn a_stream_is_the_same_answer_in_pieces() {
    let Some(server) = shared() else { return };
    let sampled = json!({ "temperature": 1, "seed": 3, "max_tokens": 12, "logprobs": true, "top_logprobs": 2 });
    let whole = server.json("/v1/chat/completions", &question(&sampled));
    let mut body = question(&sampled);
    body["stream"] = json!(true);
    body["stream_options"] = json!({ "include_usage": true });
    let response = server.post("/v1/chat/completions", &body);
    assert_eq!(response.header("content-type"), Some("text/event-stream"));
    let (events, done) = response.events();
    assert!(done);
    assert_eq!(events[0]["choices"][0]["delta"], json!({ "role": "assistant", "content": "" }));
    let of = |name: &str| -> String {
        events.iter().filter_map(|event| event["choices"][0]["delta"][name].as_str()).collect()
    };
    let message = &whole["choices"][0]["message"];
    assert_eq!(of("content"), message["content"].as_str().unwrap_or_default());
    assert_eq!(of("reasoning_content"), message["reasoning_content"].as_str().unwrap_or_default());
    let tokens: Vec<&Value> =
        events.iter().filter_map(|event| event["choices"][0]["logprobs"]["content"].as_array()).flatten().collect();
    let expected = whole["choices"][0]["logprobs"]["content"].as_array().expect("they were asked for");
    assert_eq!(tokens, expected.iter().collect::<Vec<_>>());
    assert!(expected.iter().all(|token| token["top_logprobs"].as_array().is_some_and(|top| top.len() == 2)));
    let [.., before, last] = &events[..] else { panic!("{events:?}") };
    assert_eq!(before["choices"][0]["finish_reason"], whole["choices"][0]["finish_reason"]);
    assert_eq!((&last["choices"], &last["usage"]["total_tokens"]), (&json!([]), &whole["usage"]["total_tokens"]));
}

#[test]
fn several_answers_have_seeds_of_their_own() {
    let Some(server) = shared() else { return };
    let wanted = json!({ "n": 3, "temperature": 2, "seed": 1, "max_tokens": 8 });
    let answer = server.json("/v1/chat/completions", &question(&wanted));
    let choices = answer["choices"].as_array().expect("a list");
    let indices: Vec<_> = choices.iter().map(|choice| choice["index"].as_u64()).collect();
    assert_eq!(indices, [Some(0), Some(1), Some(2)]);
    assert!(choices[0]["message"] != choices[1]["message"] || choices[1]["message"] != choices[2]["message"]);
    let second =
        server.json("/v1/chat/completions", &question(&json!({ "temperature": 2, "seed": 2, "max_tokens": 8 })));
    assert_eq!(second["choices"][0]["message"], choices[1]["message"]);
    let mut body = question(&wanted);
    body["stream"] = json!(true);
    let (events, _) = server.post("/v1/chat/completions", &body).events();
    let ends = events.iter().filter(|event| event["choices"][0]["finish_reason"].is_string()).count();
    assert_eq!(ends, 3);
}

/// The model has no sense, and would reason without end: without the letter h it can't begin to think.
#[test]
fn a_demanded_tool_is_called() {
    let Some(server) = shared() else { return };
    let wanted = json!({ "tools": rain(), "tool_choice": "required", "parallel_tool_calls": false, "max_tokens": 400, "logit_bias": { "104": -100 } });
    let answer = server.json("/v1/chat/completions", &question(&wanted));
    let choice = &answer["choices"][0];
    assert_eq!(choice["finish_reason"], "tool_calls", "{answer}");
    let call = &choice["message"]["tool_calls"][0];
    assert_eq!(call["function"]["name"], "rain");
    let arguments: Value = serde_json::from_str(call["function"]["arguments"].as_str().expect("text")).expect("JSON");
    assert!(["Rome", "Oslo"].contains(&arguments["city"].as_str().expect("a city")));
    let mut body = question(&wanted);
    body["stream"] = json!(true);
    let (events, _) = server.post("/v1/chat/completions", &body).events();
    let pieces = || events.iter().filter_map(|event| event["choices"][0]["delta"]["tool_calls"].get(0));
    let streamed: String = pieces().filter_map(|piece| piece["function"]["arguments"].as_str()).collect();
    assert_eq!(serde_json::from_str::<Value>(&streamed).expect("JSON"), arguments);
    assert_eq!(pieces().filter(|piece| piece["function"]["name"] == "rain").count(), 1);
}

#[test]
fn an_answer_follows_a_schema() {
    let Some(server) = shared() else { return };
    let schema = json!({ "type": "object", "properties": { "ok": { "type": "boolean" } }, "required": ["ok"], "additionalProperties": false });
    let format = json!({ "type": "json_schema", "json_schema": { "name": "s", "strict": true, "schema": schema } });
    for _ in 0..2 {
        let answer =
            server.json("/v1/chat/completions", &question(&json!({ "response_format": format, "max_tokens": 200 })));
        let content = answer["choices"][0]["message"]["content"].as_str().expect("text");
        let found: Value = serde_json::from_str(content).unwrap_or_else(|error| panic!("{error} in {content}"));
        assert!(found["ok"].is_boolean());
    }
}
