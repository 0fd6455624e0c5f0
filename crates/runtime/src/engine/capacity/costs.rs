//! The times of steps, between and beyond those that were measured.

use std::time::Duration;

use super::super::schedule::{Kind, Step};

/// The time of a step by its rows: measured points, joined by straight lines.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Rows and seconds, in ascending order of rows.
    points: Vec<(u32, f64)>,
    /// Seconds more for each token that a row attends to.
    per_attended: f64,
}

impl Line {
    /// The line through `points` (rows, and the seconds of a step that attends to nothing), with `per_attended` seconds for each token that
    /// a row attends to.
    ///
    /// # Panics
    /// Panics without a point.
    #[must_use]
    pub fn new(mut points: Vec<(u32, f64)>, per_attended: f64) -> Self {
        assert!(!points.is_empty(), "a line needs a point");
        points.sort_by_key(|(rows, _)| *rows);
        Self { points, per_attended }
    }

    /// The seconds of a step of `rows` rows which attend to `attended` tokens in all. Fewer rows than the first point cost as much as that,
    /// more than the last go on along the last piece.
    #[must_use]
    pub fn seconds(&self, rows: u32, attended: u64) -> f64 {
        let next = self.points.partition_point(|(measured, _)| *measured < rows);
        let base = match (next, self.points.len()) {
            (0, _) | (_, 1) => self.points[0].1,
            (next, length) => {
                let next = next.min(length - 1);
                let ((from, low), (to, high)) = (self.points[next - 1], self.points[next]);
                let share = (f64::from(rows) - f64::from(from)) / (f64::from(to) - f64::from(from)).max(1.0);
                low + share * (high - low)
            }
        };
        (base + self.per_attended * attended as f64).max(0.0)
    }
}

/// The measured costs of an engine's steps.
#[derive(Clone, Debug, PartialEq)]
pub struct StepCosts {
    /// Steps that decode, or read short prompts.
    pub few: Line,
    /// Steps that read chunks of longer prompts.
    pub bulk: Line,
    /// Seconds from the end of a step to the time at which its tokens are known, and the next one can be planned with them.
    pub readback: f64,
    /// Seconds more that the first step takes after the device had nothing to do: threads and clocks have to wake up.
    pub wake: f64,
}

/// The time without a step after which a device sleeps.
const ASLEEP: Duration = Duration::from_millis(20);

impl StepCosts {
    pub(super) fn readback(&self) -> Duration {
        Duration::from_secs_f64(self.readback.max(0.0))
    }

    /// The time until a device goes on that has had nothing to do for `idle`.
    pub(super) fn wake(&self, idle: Duration) -> Duration {
        if idle < ASLEEP { Duration::ZERO } else { Duration::from_secs_f64(self.wake.max(0.0)) }
    }

    /// The time of a step.
    pub(super) fn of(&self, step: &Step) -> Duration {
        let rows = step.parts.iter().map(|part| part.tokens).sum();
        // A row attends to all positions up to its own.
        let attended =
            step.parts.iter().map(|part| u64::from(part.tokens) * u64::from(part.first + part.tokens / 2)).sum();
        let line = match step.kind {
            Kind::Few => &self.few,
            Kind::Bulk => &self.bulk,
        };
        Duration::from_secs_f64(line.seconds(rows, attended))
    }
}
