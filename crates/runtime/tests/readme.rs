//! The README shows the examples as they are.

use std::fs;
use std::path::Path;

#[test]
fn the_readme_shows_the_examples_as_they_are() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let read = |path: &str| fs::read_to_string(root.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    let readme = read("README.md");
    for (language, example) in [("html", "examples/browser/index.html"), ("rust", "examples/native/main.rs")] {
        let block = format!("```{language}\n{}\n```", read(example).trim_end());
        assert!(readme.contains(&block), "README.md and {example} differ; copy the example into the README");
    }
}
