//! Runs the tests of a folder in Node.js, and times each.

use super::times::TestTime;
use crate::{paths, process};
use anyhow::{Context, Result, ensure};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Runs the tests of a folder of the repository with `node`, so many files at a time, and adds their durations to `times`.
pub(super) fn run(node: &mut Command, folder: &str, files_at_once: u32, times: &mut Vec<TestTime>) -> Result<()> {
    let files = test_files(&paths::root().join(folder))?;
    let measured = tempfile::NamedTempFile::new()?;
    node.arg("--test").arg(format!("--test-concurrency={files_at_once}"));
    node.args(["--test-reporter=spec", "--test-reporter-destination=stdout"]);
    node.arg("--test-reporter=./tests/browser/times.mjs").arg("--test-reporter-destination").arg(measured.path());
    let result = process::run(node.args(files));
    times.extend(fs::read_to_string(measured.path())?.lines().filter_map(time_in));
    result
}

/// Parses a line of the reporter of times: milliseconds, a tab, the test's name.
fn time_in(line: &str) -> Option<TestTime> {
    let (milliseconds, name) = line.split_once('\t')?;
    let seconds = milliseconds.parse::<f64>().ok()? / 1e3;
    Some(TestTime { name: name.to_owned(), time: Duration::try_from_secs_f64(seconds).ok()? })
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
