//! What a load leaves in the metrics.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use wgslm_server::ServerOptions;

use crate::files::chat_model;
use crate::setup::{Running, windowed};

/// The time in which all requests of a test arrive.
const WINDOW: Duration = Duration::from_millis(500);

/// A server that collects a burst, with a slot more than the bursts of these tests have requests: full slots end the window.
fn collecting() -> Option<Running> {
    let options = ServerOptions { batch_size: 9, ..ServerOptions::default() };
    Some(Running::start(vec![windowed("chat", chat_model(), &options, WINDOW)?], options))
}

/// The answers to requests that are made at the same time.
fn at_once(server: &Running, requests: &[Value]) -> Vec<Value> {
    std::thread::scope(|scope| {
        let asked: Vec<_> = requests.iter().map(|body| scope.spawn(|| server.json("/v1/completions", body))).collect();
        asked.into_iter().map(|answer| answer.join().expect("no panic")).collect()
    })
}

#[test]
fn equal_requests_share_a_computation_and_are_counted() {
    let Some(server) = collecting() else { return };
    let request = |temperature| json!({ "prompt": "Once upon", "max_tokens": 8, "temperature": temperature, "logit_bias": { "257": -100 } });
    let answers = at_once(&server, &vec![request(0); 8]);
    let texts: BTreeSet<String> = answers.iter().map(|answer| answer["choices"][0]["text"].to_string()).collect();
    assert_eq!(texts.len(), 1, "{texts:?}");
    let coalesced = || server.metric("wgslm_coalesced_requests_total{model=\"chat\"}");
    assert_eq!(coalesced(), 7.0, "{}", server.get("/metrics").text());
    // Requests that draw have seeds of their own.
    at_once(&server, &vec![request(1); 4]);
    assert_eq!(coalesced(), 7.0);
}

#[test]
fn a_burst_within_the_window_is_read_in_one_step() {
    let Some(server) = collecting() else { return };
    let requests: Vec<Value> =
        (0..8).map(|index| json!({ "prompt": format!("{index}ab"), "max_tokens": 1, "temperature": 0 })).collect();
    at_once(&server, &requests);
    let steps = server.metric("wgslm_step_rows_count{model=\"chat\"}");
    let rows = server.metric("wgslm_step_rows_sum{model=\"chat\"}");
    assert_eq!(steps, 1.0, "{rows} rows in {steps} steps");
    assert!((24.0..=32.0).contains(&rows), "{rows} rows");
}

#[test]
fn the_cached_tokens_of_prompts_that_begin_alike_are_counted() {
    let Some(server) = collecting() else { return };
    let ask = |end: &str| {
        server.json(
            "/v1/completions",
            &json!({ "prompt": format!("a common beginning of 32 letters{end}"), "max_tokens": 1 }),
        )
    };
    ask("x");
    let cached = || server.metric("wgslm_cached_tokens_total{model=\"chat\"}");
    assert_eq!(cached(), 0.0);
    ask("y");
    ask("z");
    assert!(cached() >= 2.0 * 32.0, "{} cached", cached());
    assert_eq!(server.metric("wgslm_prefix_hits_total{model=\"chat\"}"), 2.0);
}
