//! The web server of the demo and the tests, which serves static files on the loopback interface.

use crate::paths;
use anyhow::{Context, Result};
use axum::Router;
use axum::http::{HeaderValue, header::CACHE_CONTROL};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tower_http::services::ServeDir;
use tower_http::set_header::SetResponseHeaderLayer;

/// The folders to serve.
pub(crate) struct Folders {
    /// The folder served at `/`.
    pub(crate) site: PathBuf,
    /// The folder served at `/models`.
    pub(crate) models: PathBuf,
    /// The folder served at `/golden`.
    pub(crate) golden: PathBuf,
}

impl Folders {
    /// The folders of the built site, the cached models and the tests' golden data.
    pub(crate) fn of_the_project() -> Result<Self> {
        let golden = paths::root().join("crates/runtime/tests/golden");
        Ok(Self { site: paths::site(), models: paths::cache()?, golden })
    }

    fn router(&self) -> Router {
        Router::new()
            .nest_service("/models", ServeDir::new(&self.models))
            .nest_service("/golden", ServeDir::new(&self.golden))
            .fallback_service(ServeDir::new(&self.site))
            // So that a reload shows a rebuilt site.
            .layer(SetResponseHeaderLayer::overriding(CACHE_CONTROL, HeaderValue::from_static("no-cache")))
    }
}

/// A running web server, which stops when dropped.
pub(crate) struct Server {
    address: SocketAddr,
    /// The runtime whose threads serve.
    _runtime: Runtime,
}

impl Server {
    /// Starts a server on a port of the loopback interface; 0 takes a free port.
    pub(crate) fn start(folders: &Folders, port: u16) -> Result<Self> {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_io().build()?;
        let listener = runtime
            .block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, port)))
            .with_context(|| format!("port {port} can't be served on: choose another with --port"))?;
        let address = listener.local_addr()?;
        let router = folders.router();
        runtime.spawn(async move { axum::serve(listener, router).await });
        Ok(Self { address, _runtime: runtime })
    }

    /// The address of the site, with a slash at the end.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/", self.address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::io::{Read, Write};
    use std::net::TcpStream;

    /// Starts a server of a small site in a temporary folder.
    fn server() -> (Server, tempfile::TempDir) {
        let root = tempfile::tempdir().unwrap();
        let [site, models, golden] = ["site", "models", "golden"].map(|name| root.path().join(name));
        for (folder, file, content) in [
            (&site, "index.html", "page"),
            (&site, "main.js", "script"),
            (&site, "wgslm_bg.wasm", "\0asm"),
            (&models, "model.gguf", "GGUF"),
            (&golden, "tokens.json", "{}"),
        ] {
            fs::create_dir_all(folder).unwrap();
            fs::write(folder.join(file), content).unwrap();
        }
        fs::write(root.path().join("secret"), "secret").unwrap();
        let server = Server::start(&Folders { site, models, golden }, 0).unwrap();
        (server, root)
    }

    fn send(server: &Server, request: &str) -> TcpStream {
        let mut stream = TcpStream::connect(server.address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        stream
    }

    /// Requests a path and returns the response's head, in lower case, and its body.
    fn get(server: &Server, path: &str) -> (String, String) {
        let mut stream = send(server, &format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"));
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.to_lowercase(), body.to_owned())
    }

    #[test]
    fn each_file_has_its_media_type_and_length() {
        let (server, _root) = server();
        for (path, media_type, body) in [
            ("/", "text/html", "page"),
            ("/main.js", "text/javascript", "script"),
            ("/wgslm_bg.wasm", "application/wasm", "\0asm"),
            ("/models/model.gguf", "application/octet-stream", "GGUF"),
            ("/golden/tokens.json", "application/json", "{}"),
        ] {
            let (head, found) = get(&server, path);
            assert!(head.starts_with("http/1.1 200"), "{path}: {head}");
            assert!(head.contains(&format!("content-type: {media_type}")), "{path}: {head}");
            assert!(head.contains(&format!("content-length: {}", body.len())), "{path}: {head}");
            assert!(head.contains("cache-control: no-cache"), "{path}: {head}");
            assert_eq!(found, body, "{path}");
        }
    }

    #[test]
    fn nothing_outside_the_folders_is_served() {
        let (server, _root) = server();
        for path in ["/../secret", "/%2e%2e/secret", "/models/../../secret", "/models/..%2fsecret", "/absent.html"] {
            let (head, body) = get(&server, path);
            assert!(head.starts_with("http/1.1 4"), "{path}: {head}");
            assert!(!body.contains("secret"), "{path}");
        }
    }

    #[test]
    fn a_slow_client_does_not_hold_up_another() {
        let (server, _root) = server();
        let _unfinished: Vec<TcpStream> = (0..8).map(|_| send(&server, "GET / HTTP/1.1\r\n")).collect();
        assert_eq!(get(&server, "/").1, "page");
    }

    #[test]
    fn a_port_in_use_is_an_error_that_says_what_to_do() {
        let (first, root) = server();
        let folder = root.path().to_owned();
        let folders = Folders { site: folder.clone(), models: folder.clone(), golden: folder };
        let error = Server::start(&folders, first.address.port()).err().unwrap();
        assert!(error.to_string().contains("--port"), "{error}");
        assert!(first.url().starts_with("http://127.0.0.1:"), "{}", first.url());
    }
}
