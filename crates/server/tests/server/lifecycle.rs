//! Probes, metrics, clients that go, and the end.

use std::time::{Duration, Instant};

use serde_json::json;
use wgslm_server::{Error, ModelSource, ServerOptions};

use crate::limits::endless;
use crate::setup::{Running, eventually, shared};

const CANCELLED: &str = "wgslm_requests_total{model=\"chat\",outcome=\"cancelled\"}";

#[test]
fn a_client_that_goes_cancels_its_request() {
    let Some(server) = Running::of_chat(ServerOptions::default()) else { return };
    let before = server.metric(CANCELLED);
    let mut streamed = server.post("/v1/completions", &endless());
    assert!(streamed.chunk().is_some());
    drop(streamed);
    eventually("the stream is cancelled", || server.metric(CANCELLED) == before + 1.0);
    // One that waits for the whole answer, too.
    let mut body = endless();
    body["stream"] = json!(false);
    body["seed"] = json!(9);
    let whole = std::net::TcpStream::connect(server.address).expect("the server listens");
    let body = body.to_string();
    let request =
        format!("POST /v1/completions HTTP/1.1\r\nhost: test\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    std::io::Write::write_all(&mut &whole, request.as_bytes()).expect("it is read");
    eventually("it runs", || server.metric("wgslm_http_running") >= 1.0);
    drop(whole);
    eventually("it is cancelled", || server.metric("wgslm_http_running") == 0.0);
}

#[test]
fn a_server_that_stops_lets_streams_end() {
    let Some(mut server) = Running::of_chat(ServerOptions::default()) else { return };
    let mut stream = server.post(
        "/v1/completions",
        &json!({ "prompt": "a", "max_tokens": 200, "stream": true, "logit_bias": { "257": -100 } }),
    );
    assert!(stream.chunk().is_some());
    server.stop();
    eventually("it isn't ready", || server.get("/ready").status == 503);
    assert_eq!(server.get("/health").status, 200);
    assert_eq!(server.error("/v1/completions", &json!({ "prompt": "a" })).1["code"], "shutting_down");
    let (events, done) = stream.events();
    assert!(done, "the stream came to its end");
    assert_eq!(events.last().expect("an event")["choices"][0]["finish_reason"], "length");
    server.ended().expect("it ends without an error");
}

#[test]
fn the_grace_period_ends_what_does_not() {
    let options = ServerOptions { grace_period: Duration::from_millis(50), ..ServerOptions::default() };
    let Some(mut server) = Running::of_chat(options) else { return };
    let _stream = server.post("/v1/completions", &endless());
    let began = Instant::now();
    server.ended().expect("it ends without an error");
    assert!(began.elapsed() < Duration::from_secs(10));
}

#[test]
fn health_answers_while_the_device_works() {
    let Some(server) = shared() else { return };
    let _streams: Vec<_> = (0..8).map(|_| server.post("/v1/completions", &endless())).collect();
    let mut times: Vec<Duration> = (0..50)
        .map(|_| {
            let began = Instant::now();
            assert_eq!(server.get("/health").status, 200);
            began.elapsed()
        })
        .collect();
    times.sort();
    // Other tests have the processors at the same time; the median says that no request waits for a step.
    assert!(times[25] < Duration::from_millis(100), "{times:?}");
}

#[test]
fn metrics_count_what_was_asked() {
    let Some(server) = Running::of_chat(ServerOptions::default()) else { return };
    let body = json!({ "prompt": "The same prompt, long enough to fill several blocks of the cache of keys and values", "temperature": 0, "max_tokens": 4, "logit_bias": { "257": -100 } });
    for _ in 0..3 {
        server.json("/v1/completions", &body);
    }
    let of_model = |name: &str| server.metric(&format!("wgslm_{name}{{model=\"chat\"}}"));
    assert_eq!(of_model("prefix_lookups_total"), 3.0);
    assert_eq!(of_model("prefix_hits_total"), 2.0);
    assert_eq!(server.metric("wgslm_requests_total{model=\"chat\",outcome=\"length\"}"), 3.0);
    assert_eq!(server.metric("wgslm_http_responses_total{route=\"/v1/completions\",status=\"200\"}"), 3.0);
}

#[test]
fn a_first_model_that_cannot_be_loaded_ends_the_server() {
    let load = std::sync::Arc::new(|| Err("there is no such file".into()));
    let broken = ModelSource { name: "broken".to_owned(), bytes: 1, load };
    let mut server = Running::start_loading(vec![broken], ServerOptions::default());
    // Not `ended`, which would tell it to stop.
    match server.wait() {
        Err(Error::Load { name, source }) => assert!(name == "broken" && source.to_string().contains("no such file")),
        other => panic!("{other:?}"),
    }
}
