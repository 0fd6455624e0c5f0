//! What a simulation has seen.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::super::Priority;

/// Durations of one sort.
#[derive(Debug, Default)]
pub(super) struct Durations(Vec<Duration>);

impl Durations {
    pub(super) fn push(&mut self, duration: Duration) {
        self.0.push(duration);
    }

    pub(super) fn longest(&self) -> Duration {
        self.0.iter().max().copied().unwrap_or_default()
    }
}

impl fmt::Display for Durations {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        for (name, share) in [("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("longest", 1.0)] {
            let last = sorted.len().saturating_sub(1);
            let value = sorted.get((last as f64 * share) as usize).copied().unwrap_or_default();
            write!(formatter, "{name} {:.1} ", value.as_secs_f64() * 1e3)?;
        }
        write!(formatter, "ms of {}", sorted.len())
    }
}

/// The counts and durations of a run.
#[derive(Debug, Default)]
pub(super) struct Report {
    /// Requests by the way in which they ended.
    pub(super) outcomes: BTreeMap<&'static str, usize>,
    /// From arrival to the first slot.
    pub(super) waits: BTreeMap<Priority, Durations>,
    /// From arrival to the first token on the device.
    pub(super) first_tokens: BTreeMap<Priority, Durations>,
    /// Between two tokens of a stream on the device, by whether it is ever stepwise; without streams that were refused memory.
    pub(super) gaps: BTreeMap<bool, Durations>,
    /// From the first slot to the end.
    pub(super) runs: Durations,
    pub(super) preemptions: usize,
    pub(super) steps: usize,
    pub(super) rows: u64,
    pub(super) tokens: u64,
    pub(super) longest_queue: usize,
    pub(super) busy: Duration,
    pub(super) end: Duration,
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { outcomes, preemptions, steps, rows, tokens, longest_queue, busy, end, .. } = self;
        let busy = 100.0 * busy.as_secs_f64() / end.as_secs_f64();
        writeln!(formatter, "{outcomes:?}, {preemptions} preemptions, longest queue {longest_queue}")?;
        writeln!(formatter, "  {end:.1?}, device busy {busy:.0} %, {steps} steps, {rows} rows, {tokens} tokens")?;
        for (priority, waits) in &self.waits {
            writeln!(formatter, "  {priority:?} waits: {waits}")?;
        }
        for (priority, times) in &self.first_tokens {
            writeln!(formatter, "  {priority:?} first tokens: {times}")?;
        }
        for (waits, gaps) in &self.gaps {
            writeln!(formatter, "  {} gaps: {gaps}", if *waits { "stepwise" } else { "free" })?;
        }
        write!(formatter, "  runs: {}", self.runs)
    }
}
