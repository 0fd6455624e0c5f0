//! `/v1/responses`.

use serde_json::{Value, json};

use crate::setup::shared;

fn request(more: &Value) -> Value {
    let mut body = json!({ "model": "chat", "input": "Hi", "instructions": "Be brief.", "temperature": 0, "max_output_tokens": 6 });
    body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    body
}

#[test]
fn a_response_has_items_and_its_stream_ends_with_it() {
    let Some(server) = shared() else { return };
    let whole = server.json("/v1/responses", &request(&json!({})));
    assert_eq!((&whole["object"], &whole["store"]), (&json!("response"), &json!(false)));
    assert!(["completed", "incomplete"].contains(&whole["status"].as_str().expect("a status")));
    let (events, done) = server.post("/v1/responses", &request(&json!({ "stream": true }))).events();
    assert!(!done, "these streams end with an event");
    let numbers: Vec<_> = events.iter().map(|event| event["sequence_number"].as_u64().expect("a number")).collect();
    assert_eq!(numbers, (0..events.len() as u64).collect::<Vec<_>>());
    assert_eq!(events[0]["type"], "response.created");
    let last = events.last().expect("an event");
    assert_eq!(last["type"], format!("response.{}", whole["status"].as_str().expect("a status")));
    let texts = |response: &Value| -> Vec<Value> {
        let items = response["output"].as_array().expect("items");
        items.iter().map(|item| item["content"][0]["text"].clone()).collect()
    };
    assert_eq!(texts(&last["response"]), texts(&whole));
    for (kind, done) in [
        ("response.output_item.added", "response.output_item.done"),
        ("response.content_part.added", "response.content_part.done"),
    ] {
        let count = |kind: &str| events.iter().filter(|event| event["type"] == kind).count();
        assert_eq!(count(kind), count(done), "{kind}");
    }
}

#[test]
fn a_tool_is_called_and_its_result_goes_back() {
    let Some(server) = shared() else { return };
    let tools = json!([{ "type": "function", "name": "now", "parameters": { "type": "object", "properties": {}, "additionalProperties": false } }]);
    let wanted = json!({ "tools": tools, "tool_choice": { "type": "function", "name": "now" }, "parallel_tool_calls": false,
        "max_output_tokens": 400, "logit_bias": { "104": -100 }, "stream": true });
    let (events, _) = server.post("/v1/responses", &request(&wanted)).events();
    let response = &events.last().expect("an event")["response"];
    let items = response["output"].as_array().expect("items");
    let call = items.iter().find(|item| item["type"] == "function_call").unwrap_or_else(|| panic!("{response}"));
    assert_eq!((&call["name"], &call["status"]), (&json!("now"), &json!("completed")));
    assert!(events.iter().any(|event| event["type"] == "response.function_call_arguments.done"));
    let input = json!([{ "role": "user", "content": "Hi" }, call,
        { "type": "function_call_output", "call_id": call["call_id"], "output": "noon" }]);
    let next = server.json("/v1/responses", &request(&json!({ "input": input, "tools": tools })));
    assert!(next["usage"]["input_tokens"].as_u64().expect("a count") > 20);
}

#[test]
fn what_would_need_a_memory_is_refused() {
    let Some(server) = shared() else { return };
    let (status, error) = server.error("/v1/responses", &request(&json!({ "previous_response_id": "resp_1" })));
    assert_eq!((status, &error["param"]), (400, &json!("previous_response_id")));
}
