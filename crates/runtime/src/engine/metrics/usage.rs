//! The metrics of the requests of one feature.

use std::time::Duration;

use super::cost::{Cost, ratio};
use super::histogram::Histogram;
use super::snapshot::{Distribution, UsageSnapshot};
use super::window::SlidingWindow;
use super::{Latency, Outcome, Timeline};

/// Everything recorded of the requests of a feature.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Usage {
    latencies: [Histogram; Latency::ALL.len()],
    outcomes: [u64; Outcome::ALL.len()],
    /// Requests that joined others.
    pub(super) coalesced: u64,
    /// Times that a request gave its memory back for others.
    pub(super) preempted: u64,
    prompt_tokens: u64,
    cached_tokens: u64,
    generated_tokens: u64,
    prefix_lookups: u64,
    prefix_hits: u64,
    drafted_tokens: u64,
    accepted_tokens: u64,
    /// The feature's share of the time in which the GPU was busy.
    pub(super) busy: Duration,
    prompt_minute: SlidingWindow,
    generated_minute: SlidingWindow,
    /// Tokens of prompts and generated ones.
    hour: SlidingWindow,
}

impl Usage {
    pub(super) fn new() -> Self {
        Self {
            latencies: Default::default(),
            outcomes: Default::default(),
            coalesced: 0,
            preempted: 0,
            prompt_tokens: 0,
            cached_tokens: 0,
            generated_tokens: 0,
            prefix_lookups: 0,
            prefix_hits: 0,
            drafted_tokens: 0,
            accepted_tokens: 0,
            busy: Duration::ZERO,
            prompt_minute: SlidingWindow::minute(),
            generated_minute: SlidingWindow::minute(),
            hour: SlidingWindow::hour(),
        }
    }

    pub(super) fn admitted(&mut self, at: Duration, prompt_tokens: usize, cached_tokens: Option<usize>) {
        let tokens = prompt_tokens as u64;
        self.prompt_tokens += tokens;
        self.prompt_minute.add(at, tokens);
        self.hour.add(at, tokens);
        if let Some(cached) = cached_tokens {
            self.prefix_lookups += 1;
            self.prefix_hits += u64::from(cached > 0);
            self.cached_tokens += cached as u64;
        }
    }

    pub(super) fn token(&mut self, at: Duration, since_last: Option<Duration>) {
        self.generated_tokens += 1;
        self.generated_minute.add(at, 1);
        self.hour.add(at, 1);
        self.record(Latency::InterToken, since_last);
    }

    pub(super) fn finished(&mut self, outcome: Outcome, timeline: &Timeline) {
        self.outcomes[outcome as usize] += 1;
        self.drafted_tokens += timeline.drafted_tokens as u64;
        self.accepted_tokens += timeline.accepted_tokens as u64;
        // A cancelled request ends early, and would make the others look fast.
        let end_to_end = timeline.end_to_end().filter(|_| outcome.answered());
        let detokenise = Some(timeline.detokenise).filter(|_| timeline.generated_tokens > 0);
        for (latency, duration) in [
            (Latency::TimeToFirstToken, timeline.time_to_first_token()),
            (Latency::EndToEnd, end_to_end),
            (Latency::Tokenise, timeline.tokenise()),
            (Latency::Queue, timeline.queue()),
            (Latency::BatchingWindow, timeline.window()),
            (Latency::Prefill, timeline.prefill()),
            (Latency::Decode, timeline.decode()),
            (Latency::Sample, timeline.sample),
            (Latency::Detokenise, detokenise),
        ] {
            self.record(latency, duration);
        }
    }

    /// Adds everything recorded of another feature.
    pub(super) fn merge(&mut self, other: &Self) {
        for (histogram, more) in self.latencies.iter_mut().zip(&other.latencies) {
            histogram.merge(more);
        }
        for (requests, more) in self.outcomes.iter_mut().zip(other.outcomes) {
            *requests += more;
        }
        self.coalesced += other.coalesced;
        self.preempted += other.preempted;
        self.prompt_tokens += other.prompt_tokens;
        self.cached_tokens += other.cached_tokens;
        self.generated_tokens += other.generated_tokens;
        self.prefix_lookups += other.prefix_lookups;
        self.prefix_hits += other.prefix_hits;
        self.drafted_tokens += other.drafted_tokens;
        self.accepted_tokens += other.accepted_tokens;
        self.busy += other.busy;
        self.prompt_minute.merge(&other.prompt_minute);
        self.generated_minute.merge(&other.generated_minute);
        self.hour.merge(&other.hour);
    }

    /// The metrics now, where the feature's share of the device's price is `cost`.
    pub(super) fn snapshot(&self, now: Duration, cost: Option<f64>) -> UsageSnapshot {
        let latencies = Latency::ALL.into_iter().zip(&self.latencies);
        let requests = Outcome::ALL.into_iter().zip(self.outcomes);
        let ran = requests.clone().filter(|(outcome, _)| *outcome != Outcome::Refused).map(|(_, count)| count).sum();
        UsageSnapshot {
            latencies_ms: latencies.map(|(latency, histogram)| (latency, Distribution::of(histogram, 1e-6))).collect(),
            requests: requests.collect(),
            coalesced_requests: self.coalesced,
            preemptions: self.preempted,
            prompt_tokens: self.prompt_tokens,
            cached_tokens: self.cached_tokens,
            generated_tokens: self.generated_tokens,
            prefix_lookups: self.prefix_lookups,
            prefix_hits: self.prefix_hits,
            prefix_hit_rate: ratio(self.prefix_hits as f64, self.prefix_lookups as f64),
            drafted_tokens: self.drafted_tokens,
            accepted_tokens: self.accepted_tokens,
            acceptance_rate: ratio(self.accepted_tokens as f64, self.drafted_tokens as f64),
            prompt_tokens_per_s: self.prompt_minute.per_second(now),
            generated_tokens_per_s: self.generated_minute.per_second(now),
            tokens_per_hour: self.hour.per_second(now) * 3600.0,
            gpu_busy_ms: self.busy.as_secs_f64() * 1e3,
            cost: cost.map(|total| Cost::of(total, ran)),
        }
    }

    fn record(&mut self, latency: Latency, duration: Option<Duration>) {
        if let Some(duration) = duration {
            self.latencies[latency as usize].record_duration(duration);
        }
    }
}
