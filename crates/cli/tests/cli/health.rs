//! `wgslm health`, against a listener that answers once.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::thread;

use crate::program::{Run, wgslm_with};

/// Runs `wgslm health` with `arguments` against a server that gives `response`; the run, and the first line of the request.
fn asked(arguments: &[&str], response: &'static str) -> (Run, String) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port().to_string();
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        let mut lines = BufReader::new(stream.try_clone().expect("a socket")).lines().map_while(Result::ok);
        let first = lines.next().unwrap_or_default();
        lines.find(String::is_empty);
        stream.write_all(response.as_bytes()).expect("the program reads");
        first
    });
    // As in a container, where the server listens on every interface.
    let run = wgslm_with(&[("HOST", "0.0.0.0"), ("PORT", &port)], &[&["health"], arguments].concat());
    (run, server.join().expect("the server ends"))
}

#[test]
fn the_exit_code_is_the_answer_of_the_probe() {
    let (run, request) = asked(&[], "HTTP/1.0 200 OK\r\ncontent-length: 4\r\n\r\nfine");
    assert_eq!((run.succeeded().as_str(), request.as_str()), ("fine\n", "GET /health HTTP/1.0"));
    let (run, request) = asked(&["--ready"], "HTTP/1.0 503 Service Unavailable\r\n\r\nloading");
    assert_eq!(request, "GET /ready HTTP/1.0");
    run.failed(1, "/ready: HTTP/1.0 503 Service Unavailable loading; see the server's log");
    let (run, _) = asked(&[], "no HTTP");
    run.failed(1, "no HTTP");
}

#[test]
fn a_server_that_is_not_there_is_an_error() {
    let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port();
    wgslm_with(&[("PORT", &port.to_string())], &["health"]).failed(1, &format!("http://127.0.0.1:{port}/health: "));
}
