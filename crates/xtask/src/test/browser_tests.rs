//! The step that runs the tests in browsers on the built site.

use super::times::TestTime;
use super::{PRODUCT, with_choices};
use crate::serve::{Folders, Server};
use crate::{demo, paths, process};
use anyhow::{Context, Result, ensure};
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub(super) fn run(all: bool, times: &mut Vec<TestTime>) -> Result<()> {
    write_shader_list()?;
    let files = test_files(&paths::root().join("tests/browser"))?;
    let server = Server::start(&Folders::of_the_project()?, 0)?;
    let measured = tempfile::NamedTempFile::new()?;
    let mut node = demo::in_browser("node");
    // Two files at a time: each starts a browser that renders on the CPU, which for the most part takes one core.
    node.args(["--test", "--test-concurrency=2", "--test-reporter=spec", "--test-reporter-destination=stdout"]);
    node.arg("--test-reporter=./tests/browser/times.mjs").arg("--test-reporter-destination").arg(measured.path());
    let result = process::run(with_choices(node.args(files).env("WGSLM_SITE_URL", server.url()), all)?);
    times.extend(fs::read_to_string(measured.path())?.lines().filter_map(time_in));
    result
}

/// Parses a line of the reporter of times: milliseconds, a tab, the test's name.
fn time_in(line: &str) -> Option<TestTime> {
    let (milliseconds, name) = line.split_once('\t')?;
    let seconds = milliseconds.parse::<f64>().ok()? / 1e3;
    Some(TestTime { name: name.to_owned(), time: Duration::try_from_secs_f64(seconds).ok()? })
}

/// Writes the list of kernel variants that the browser compiles in a test.
fn write_shader_list() -> Result<()> {
    // The packages that `cargo test` builds, so that the features agree and nothing is built twice.
    process::run(process::cargo("build").args(PRODUCT).args(["--example", "dump"]))?;
    let program = format!("debug/examples/dump{}", env::consts::EXE_SUFFIX);
    let list = process::capture(&mut process::command(paths::target().join(program)))?;
    fs::write(paths::site().join("shaders.json"), list).context("the site is not built: run `cargo xtask build-web`")
}

/// The test files of a folder, sorted.
fn test_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = folder.read_dir().with_context(|| format!("could not read {}", folder.display()))?;
    let paths = entries.flatten().map(|entry| entry.path());
    let mut files: Vec<PathBuf> = paths.filter(|path| path.to_string_lossy().ends_with(".test.mjs")).collect();
    files.sort();
    ensure!(!files.is_empty(), "{} has no *.test.mjs", folder.display());
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_without_tests_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        assert!(test_files(folder.path()).is_err());
        for name in ["page.test.mjs", "ask.mjs", "load.test.mjs"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        let names: Vec<_> = test_files(folder.path()).unwrap();
        assert_eq!(names, ["load.test.mjs", "page.test.mjs"].map(|name| folder.path().join(name)));
    }

    #[test]
    fn the_time_of_a_test_is_read_from_its_line() {
        let expected = TestTime { name: "page: answers".to_owned(), time: Duration::from_micros(12_500) };
        assert_eq!(time_in("12.5\tpage: answers"), Some(expected));
        assert_eq!(time_in("no time"), None);
    }
}
