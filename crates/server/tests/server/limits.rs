//! Errors and limits.

use std::time::Duration;

use serde_json::{Value, json};
use wgslm_server::ServerOptions;

use crate::client::send;
use crate::files::chat_model;
use crate::setup::{Running, eventually, model, shared, source};

/// A request that streams for as long as the context holds.
pub(crate) fn endless() -> Value {
    let logit_bias = json!({ "257": -100 });
    json!({ "prompt": "a", "max_tokens": 100_000, "stream": true, "logit_bias": logit_bias })
}

#[test]
fn wrong_fields_are_named() {
    let Some(server) = shared() else { return };
    let chat = json!([{ "role": "user", "content": "a" }]);
    for (path, body, param) in [
        ("/v1/chat/completions", json!({}), Value::Null),
        ("/v1/chat/completions", json!({ "messages": 3 }), json!("messages")),
        ("/v1/chat/completions", json!({ "messages": [{ "role": 1 }] }), json!("messages[0].role")),
        ("/v1/chat/completions", json!({ "messages": chat, "n": 0 }), json!("n")),
        ("/v1/chat/completions", json!({ "messages": chat, "temperature": "hot" }), json!("temperature")),
        ("/v1/chat/completions", json!({ "messages": chat, "stop": 3 }), json!("stop")),
        (
            "/v1/chat/completions",
            json!({ "messages": chat, "response_format": { "type": "xml" } }),
            json!("response_format"),
        ),
        ("/v1/chat/completions", json!({ "messages": chat, "top_logprobs": 2 }), json!("top_logprobs")),
        ("/v1/chat/completions", json!({ "messages": chat, "model": 3 }), json!("model")),
        ("/v1/completions", json!({ "prompt": [] }), json!("prompt")),
        ("/v1/completions", json!({ "prompt": "a", "echo": true }), json!("echo")),
        ("/v1/completions", json!({ "prompt": "a", "logit_bias": { "x": 1 } }), json!("logit_bias")),
        ("/v1/rerank", json!({ "query": "a", "documents": [] }), json!("documents")),
        ("/v1/completions", json!({ "prompt": "a", "top_p": 7 }), Value::Null),
        ("/v1/completions", json!({ "prompt": [9_999_999] }), Value::Null),
        ("/v1/completions", json!({ "prompt": "a".repeat(5000) }), Value::Null),
    ] {
        let (status, error) = server.error(path, &body);
        assert_eq!(
            (status, &error["param"], &error["type"]),
            (400, &param, &json!("invalid_request_error")),
            "{body}: {error}"
        );
    }
    let error = send(server.address, "POST", "/v1/completions", &[], "{\"prompt\"");
    assert_eq!((error.status, error.json()["error"]["code"].clone()), (400, json!("invalid_json")));
    assert_eq!(server.get("/nothing").status, 404);
    assert_eq!(server.get("/v1/completions").status, 405);
}

#[test]
fn keys_origins_and_bodies_are_checked() {
    let options = ServerOptions {
        api_keys: vec!["secret".to_owned()],
        cors_origins: vec!["https://a.example".to_owned()],
        body_limit: 1000,
        ..ServerOptions::default()
    };
    let Some(server) = Running::of_chat(options) else { return };
    assert_eq!(server.error("/tokenize", &json!({ "content": "a" })).0, 401);
    assert_eq!(server.get("/metrics").status, 401);
    assert_eq!(server.get("/health").status, 200);
    let with = |headers: &[(&str, &str)], body: &str| send(server.address, "POST", "/tokenize", headers, body);
    let key = ("authorization", "Bearer secret");
    let body = json!({ "content": "a" }).to_string();
    assert_eq!(with(&[key], &body).status, 200);
    assert_eq!(with(&[("authorization", "Bearer secret2")], &body).status, 401);
    assert_eq!(with(&[key], &json!({ "content": "a".repeat(2000) }).to_string()).status, 413);
    let allowed = |origin| {
        let asked = [("origin", origin), ("access-control-request-method", "POST")];
        send(server.address, "OPTIONS", "/v1/completions", &asked, "")
            .header("access-control-allow-origin")
            .map(str::to_owned)
    };
    assert_eq!(allowed("https://a.example").as_deref(), Some("https://a.example"));
    assert_eq!(allowed("https://b.example"), None);
}

#[test]
fn a_full_queue_refuses_at_once_and_says_when_to_come_again() {
    let Some(server) = Running::of_chat(ServerOptions { batch_size: 1, queue_limit: 1, ..ServerOptions::default() })
    else {
        return;
    };
    let mut streams: Vec<_> = (0..2).map(|_| server.post("/v1/completions", &endless())).collect();
    let refused = server.post("/v1/completions", &endless());
    assert_eq!(refused.status, 429);
    assert!(
        refused.header("retry-after").is_some_and(|seconds| seconds.parse::<u64>().is_ok_and(|seconds| seconds >= 1))
    );
    assert_eq!(refused.json()["error"]["type"], "rate_limit_error");
    streams.clear();
    let retried = || server.post("/v1/completions", &json!({ "prompt": "a", "max_tokens": 1 })).status == 200;
    eventually("there is room again once the clients have gone", retried);
}

#[test]
fn an_answer_that_takes_too_long_is_an_error() {
    let options = ServerOptions { inference_timeout: Duration::from_millis(20), ..ServerOptions::default() };
    let Some(server) = Running::of_chat(options) else { return };
    let mut body = endless();
    let (events, done) = server.post("/v1/completions", &body).events();
    assert!(!done);
    assert_eq!(events.last().expect("an event")["error"]["code"], "inference_timeout");
    body["stream"] = json!(false);
    assert_eq!(server.error("/v1/completions", &body).0, 504);
}

#[test]
fn models_are_loaded_on_demand_and_make_room() {
    let (options, bert) = (ServerOptions::default(), model("models/bert-mean.gguf"));
    let Some(first) = source("chat", chat_model(), &options) else { return };
    let engine = (first.load)().expect("it is loaded");
    let memory_limit = Some(engine.gpu_bytes() + 1);
    drop(engine);
    let second = source("bert", bert, &options).expect("as the first");
    let server = Running::start(vec![first, second], ServerOptions { memory_limit, ..options });
    let loaded = || server.get("/ready").json()["models"].clone();
    assert_eq!(loaded(), json!(["chat"]));
    assert_eq!(server.error("/v1/embeddings", &json!({ "model": "other", "input": "a" })).1["code"], "model_not_found");
    server.json("/v1/embeddings", &json!({ "model": "bert", "input": "a" }));
    assert_eq!(loaded(), json!(["bert"]));
    let answer = server.json("/v1/completions", &json!({ "prompt": "a", "max_tokens": 1 }));
    assert_eq!(answer["model"], "chat", "the first is the default");
    assert_eq!(server.metric("wgslm_model_unloads_total"), 2.0);
}
