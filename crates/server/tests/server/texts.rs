//! Completions, embeddings, scores, and llama-server's endpoints.

use serde_json::{Value, json};
use wgslm_server::ServerOptions;

use crate::setup::{Running, model, shared, source};

#[test]
fn texts_are_continued_whole_and_in_pieces() {
    let Some(server) = shared() else { return };
    let mut body =
        json!({ "prompt": ["one", "two"], "n": 2, "temperature": 1, "seed": 5, "max_tokens": 5, "logprobs": 1 });
    let whole = server.json("/v1/completions", &body);
    let choices = whole["choices"].as_array().expect("a list");
    assert_eq!((choices.len(), &whole["object"]), (4, &json!("text_completion")));
    let tokens = choices[0]["logprobs"]["tokens"].as_array().expect("they were asked for").len();
    assert_eq!(choices[0]["logprobs"]["top_logprobs"].as_array().map(Vec::len), Some(tokens));
    body["stream"] = json!(true);
    body["stream_options"] = json!({ "include_usage": true });
    let (events, done) = server.post("/v1/completions", &body).events();
    assert!(done);
    for (index, choice) in choices.iter().enumerate() {
        let of = |event: &&Value| event["choices"][0]["index"] == index;
        let text: String = events.iter().filter(of).filter_map(|event| event["choices"][0]["text"].as_str()).collect();
        assert_eq!(text, choice["text"].as_str().expect("text"), "{index}");
    }
    assert_eq!(events.last().expect("an event")["usage"]["total_tokens"], whole["usage"]["total_tokens"]);
    let tokens = server.json("/v1/completions", &json!({ "prompt": [49, 50], "max_tokens": 2 }));
    assert_eq!(tokens["usage"]["prompt_tokens"], 2);
}

#[test]
fn embeddings_have_the_length_1_and_come_as_base64_too() {
    let options = ServerOptions::default();
    let Some(source) = source("bert", model("models/bert-mean.gguf"), &options) else { return };
    let server = Running::start(vec![source], options);
    let ask = |more: Value| {
        let mut body = json!({ "input": ["the fox", "a dog"] });
        body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        server.json("/v1/embeddings", &body)
    };
    let floats = ask(json!({ "encoding_format": "float" }));
    let values = |entry: &Value| -> Vec<f64> {
        entry["embedding"].as_array().expect("a list").iter().map(|value| value.as_f64().expect("a number")).collect()
    };
    let first = values(&floats["data"][0]);
    assert_ne!(first, values(&floats["data"][1]));
    let length = |values: &[f64]| values.iter().map(|value| value * value).sum::<f64>().sqrt();
    assert!((length(&first) - 1.0).abs() < 1e-3);
    let half = values(&ask(json!({ "dimensions": first.len() / 2 }))["data"][0]);
    assert!(half.len() == first.len() / 2 && (length(&half) - 1.0).abs() < 1e-3);
    let base64 = ask(json!({ "encoding_format": "base64" }));
    let text = base64["data"][0]["embedding"].as_str().expect("text");
    assert_eq!(text.trim_end_matches('=').len(), (first.len() * 16).div_ceil(3));
    assert_eq!(
        server.error("/v1/embeddings", &json!({ "input": "a", "dimensions": 100_000 })).1["param"],
        "dimensions"
    );
    assert_eq!(server.error("/v1/completions", &json!({ "prompt": "a" })).1["code"], "wrong-task");
}

#[test]
fn documents_are_ranked() {
    let options = ServerOptions::default();
    let Some(source) = source("rank", model("models/bert-rank.gguf"), &options) else { return };
    let server = Running::start(vec![source], options);
    let body = json!({ "query": "the fox", "documents": ["a dog", { "text": "the fox runs" }, "x"], "top_n": 2, "return_documents": true });
    let ranked = server.json("/v1/rerank", &body);
    let results = ranked["results"].as_array().expect("a list");
    let score = |index: usize| results[index]["relevance_score"].as_f64().expect("a number");
    assert!(results.len() == 2 && score(0) >= score(1), "{ranked}");
    assert!(results[0]["document"]["text"].is_string());
}

#[test]
fn a_text_becomes_tokens_and_these_the_text() {
    let Some(server) = shared() else { return };
    let tokens = server.json("/tokenize", &json!({ "content": "Grüße" }));
    let back = server.json("/detokenize", &tokens);
    assert_eq!(back["content"], "Grüße");
    let pieces = server.json("/tokenize", &json!({ "content": "ab", "with_pieces": true }));
    assert_eq!(pieces["tokens"][1]["piece"], "b");
    assert_eq!(server.error("/detokenize", &json!({ "tokens": [100_000] })).1["code"], "unknown-token");
}

#[test]
fn a_template_is_applied_and_told_of() {
    let Some(server) = shared() else { return };
    let prompt = server.json("/apply-template", &json!({ "messages": [{ "role": "developer", "content": "x" }] }));
    assert!(prompt["prompt"].as_str().is_some_and(|text| text.starts_with("<|im_start|>system\nx")), "{prompt}");
    let props = server.get("/props").json();
    assert_eq!((&props["default_generation_settings"]["n_ctx"], &props["total_slots"]), (&json!(2048), &json!(8)));
    assert!(props["chat_template"].as_str().is_some_and(|text| text.contains("<|im_start|>")));
    assert_eq!(server.get("/v1/models").json()["data"][0]["id"], "chat");
    assert_eq!(server.get("/v1/models/chat").json()["loaded"], true);
    assert_eq!(server.get("/v1/models/other").status, 404);
}

#[test]
fn a_gap_is_filled() {
    let Some(server) = shared() else { return };
    let mut body = json!({ "input_prefix": "fn a() {", "input_suffix": "}", "n_predict": 4, "temperature": 0 });
    let whole = server.json("/infill", &body);
    assert!(whole["tokens_evaluated"].as_u64().is_some_and(|count| count >= 12), "three marks and nine bytes: {whole}");
    body["stream"] = json!(true);
    let (events, _) = server.post("/infill", &body).events();
    let text: String = events.iter().filter_map(|event| event["content"].as_str()).collect();
    assert_eq!(Some(text.as_str()), whole["content"].as_str());
    assert_eq!(events.last().expect("an event")["stop"], true);
}
