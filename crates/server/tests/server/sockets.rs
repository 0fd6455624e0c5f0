//! Servers at Unix sockets.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use wgslm_server::{Address, Error, Server, ServerOptions};

use crate::files::chat_model;
use crate::setup::source;

/// The status line and the body of what a server at a socket answers.
fn ask(path: &Path) -> std::io::Result<String> {
    let mut stream = UnixStream::connect(path)?;
    stream.write_all(b"GET /health HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

#[test]
fn a_server_answers_at_a_socket_whose_file_goes_with_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("wgslm.sock");
    let options = ServerOptions { address: Address::Unix(path.clone()), ..ServerOptions::default() };
    let Some(source) = source("chat", chat_model(), &options) else { return };
    // What a killed server has left.
    drop(std::os::unix::net::UnixListener::bind(&path).expect("a socket"));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("threads");
    let (stop, stopped) = oneshot::channel::<()>();
    let server = runtime.block_on(Server::bind(vec![source.clone()], options.clone())).expect("it listens");
    assert_eq!(server.address().expect("an address").to_string(), format!("unix:{}", path.display()));
    let running = runtime.spawn(server.run(async move { drop(stopped.await) }));
    let answer = ask(&path).expect("it answers");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    // One that somebody listens at isn't taken away.
    let second = runtime.block_on(Server::bind(vec![source.clone()], options.clone()));
    assert!(matches!(second, Err(Error::Bind { .. })));
    assert!(ask(&path).is_ok());
    drop(stop);
    runtime.block_on(running).expect("no panic").expect("it ends well");
    let began = Instant::now();
    while path.exists() {
        assert!(began.elapsed() < Duration::from_secs(5), "the socket's file is removed");
    }
    // Nor is a file that is no socket.
    std::fs::write(&path, "text").expect("a file");
    let third = runtime.block_on(Server::bind(vec![source], options));
    assert!(matches!(third, Err(Error::Bind { .. })));
    assert_eq!(std::fs::read_to_string(&path).expect("it is there"), "text");
}
