//! The durations of tests.

use std::fmt::Write as _;
use std::time::Duration;

/// The number of slowest tests in the summary.
const SHOWN: usize = 10;

/// A test's name and duration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TestTime {
    pub(super) name: String,
    pub(super) time: Duration,
}

/// Lists the slowest tests, one per line, the slowest first.
pub(super) fn slowest(tests: &[TestTime]) -> String {
    let mut sorted: Vec<&TestTime> = tests.iter().collect();
    sorted.sort_by_key(|test| std::cmp::Reverse(test.time));
    sorted.iter().take(SHOWN).fold(String::new(), |mut text, TestTime { name, time }| {
        let _ = writeln!(text, "{:8.1} s  {name}", time.as_secs_f64());
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ten_slowest_tests_are_shown_the_slowest_first() {
        let test = |seconds| TestTime { name: format!("test {seconds}"), time: Duration::from_secs(seconds) };
        let text = slowest(&[3, 9, 1, 12, 4, 5, 11, 2, 6, 7, 8, 10].map(test));
        let names: Vec<&str> = text.lines().filter_map(|line| line.split(" s  ").nth(1)).collect();
        assert_eq!(names, (3..=12).rev().map(|seconds| format!("test {seconds}")).collect::<Vec<_>>());
        assert!(text.starts_with("    12.0 s  test 12\n"), "{text}");
    }
}
