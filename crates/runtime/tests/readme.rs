//! Tests that the README shows the examples unchanged, and that the golden models and tests it names exist.

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

#[test]
fn what_the_readme_says_runs_is_tested() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let read = |path: &Path| fs::read_to_string(root.join(path)).unwrap_or_default();
    let models = root.join("crates/runtime/tests/golden/models");
    let index = read(&models.join("index.json"));
    let tests = fs::read_dir(root.join("crates/runtime/tests/model")).expect("the folder is there");
    let tests: String = tests.map(|entry| read(&entry.expect("it is readable").path())).collect();
    let readme = read(Path::new("README.md"));
    let section = readme.split("## What runs").nth(1).expect("the README says what runs");
    // The names in backquotes in the last column of the tables.
    let rows = section.lines().filter(|line| line.starts_with("| ") && line.contains('`'));
    let named: Vec<&str> =
        rows.flat_map(|row| row.rsplit('|').nth(1).unwrap_or_default().split('`').skip(1).step_by(2)).collect();
    assert!(named.len() > 70, "the tables name golden models and tests");
    for name in named {
        let file = format!("{name}.gguf");
        let is_golden = models.join(&file).is_file() && index.contains(&format!("\"{file}\""));
        let is_test = tests.contains(&format!("fn {name}("));
        assert!(is_golden || is_test, "{name} is neither a golden model of this repository nor a test");
    }
}
