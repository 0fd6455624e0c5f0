//! The OpenAPI document, the manual, and files.

use serde_json::Value;
use wgslm_server::ServerOptions;

use crate::client::send;
use crate::setup::{Running, shared};

const MANUAL: &str = include_str!("../../../../docs/server.md");

#[test]
fn every_path_of_the_document_is_there_and_in_the_manual() {
    let Some(server) = shared() else { return };
    let document = server.get("/openapi.json").json();
    let paths = document["paths"].as_object().expect("paths");
    assert!(paths.len() >= 16);
    for (path, operations) in paths {
        assert!(MANUAL.contains(&format!("`{}`", path.replace("/{model}", "/NAME"))), "docs/server.md lacks {path}");
        let (method, _) = operations.as_object().and_then(|all| all.iter().next()).expect("an operation");
        let response = send(server.address, &method.to_uppercase(), &path.replace("{model}", "chat"), &[], "");
        assert!(
            ![404, 405].contains(&response.status) && response.status < 500,
            "{method} {path}: {}",
            response.status
        );
    }
}

#[test]
fn a_folder_of_files_is_served() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("www");
    std::fs::create_dir_all(&folder).expect("a writable folder");
    std::fs::write(folder.join("index.html"), "<p>hello").expect("a writable folder");
    let Some(server) = Running::of_chat(ServerOptions { www: Some(folder), ..ServerOptions::default() }) else {
        return;
    };
    assert_eq!(server.get("/").text(), "<p>hello");
    assert_eq!(server.get("/health").json()["status"], Value::from("ok"));
    assert_eq!(server.get("/../Cargo.toml").status, 404);
}
