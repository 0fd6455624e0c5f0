//! The results of the steps, and the summary at the end of a run.

use super::times::{self, TestTime};
use anyhow::Result;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

/// A step's result, its duration, and the durations of its tests.
pub(super) struct Outcome {
    pub(super) name: String,
    pub(super) result: Result<()>,
    time: Duration,
    tests: Vec<TestTime>,
}

impl Outcome {
    pub(super) fn of(name: &str, check: impl FnOnce(&mut Vec<TestTime>) -> Result<()>) -> Self {
        let start = Instant::now();
        let mut tests = Vec::new();
        let result = check(&mut tests);
        Self { name: name.to_owned(), result, time: start.elapsed(), tests }
    }

    pub(super) fn passed(&self) -> bool {
        self.result.is_ok()
    }

    /// Prints the error of a failed step.
    pub(super) fn print_failure(&self) {
        if let Err(error) = &self.result {
            println!("== {} failed: {error:#}", self.name);
        }
    }
}

/// The summary: the slowest tests, a line for each step, the whole duration, and the counts of steps on the last line.
pub(super) fn summary(outcomes: &[Outcome], whole: Duration) -> String {
    let mut text = String::new();
    for Outcome { name, tests, .. } in outcomes {
        if !tests.is_empty() {
            let _ = write!(text, "\nThe slowest tests of {name}:\n{}", times::slowest(tests));
        }
    }
    text.push('\n');
    for outcome in outcomes {
        let word = if outcome.passed() { "passed" } else { "FAILED" };
        let _ = writeln!(text, "{:12} {word} {:8.1} s", outcome.name, outcome.time.as_secs_f64());
    }
    let _ = writeln!(text, "{:19} {:8.1} s", "all together", whole.as_secs_f64());
    let passed = outcomes.iter().filter(|outcome| outcome.passed()).count();
    let _ = writeln!(text, "{passed} passed, {} failed", outcomes.len() - passed);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(name: &str, passed: bool, tests: Vec<TestTime>) -> Outcome {
        let result = if passed { Ok(()) } else { Err(anyhow::anyhow!("wrong")) };
        Outcome { name: name.to_owned(), result, time: Duration::from_millis(1500), tests }
    }

    #[test]
    fn the_last_line_alone_counts_the_steps() {
        let slow = TestTime { name: "answers".to_owned(), time: Duration::from_millis(1250) };
        let outcomes =
            [outcome("setup", true, Vec::new()), outcome("unit", true, vec![slow]), outcome("web", false, Vec::new())];
        let text = summary(&outcomes, Duration::from_secs(3));
        let lines = [
            "The slowest tests of unit:",
            "     1.2 s  answers",
            "",
            "setup        passed      1.5 s",
            "unit         passed      1.5 s",
            "web          FAILED      1.5 s",
            "all together             3.0 s",
            "2 passed, 1 failed",
        ];
        assert_eq!(text.trim_start(), lines.join("\n") + "\n");
    }
}
