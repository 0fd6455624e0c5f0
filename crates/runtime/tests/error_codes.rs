//! Tests that Rust and TypeScript have the same error codes.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The codes in `text`, each between `before` and a quote.
fn codes(text: &str, before: &str) -> BTreeSet<String> {
    text.split(before)
        .skip(1)
        .filter_map(|rest| rest.split_once('"').map(|(code, _)| code.to_owned()))
        .filter(|code| code.chars().all(|letter| letter.is_ascii_lowercase() || letter == '-'))
        .collect()
}

#[test]
fn typescript_knows_every_code_that_an_error_of_a_library_has() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &Path| fs::read_to_string(path).unwrap();
    let mut in_rust = BTreeSet::new();
    for library in here.parent().unwrap().read_dir().unwrap() {
        let library = library.unwrap().path();
        let file = library.join("src/error.rs");
        // The command line and the server have codes of their own, which the package doesn't.
        if file.is_file() && !["cli", "server"].iter().any(|own| library.ends_with(own)) {
            in_rust.extend(codes(&read(&file), "=> \""));
        }
    }
    let in_typescript = codes(&read(&here.join("src/web/error_codes.ts")), "| \"");
    assert!(in_rust.contains("device-lost"), "the codes were not found");
    assert_eq!(in_typescript, in_rust);
}
