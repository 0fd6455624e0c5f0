//! The registry that an engine records its metrics in.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::cost::ratio;
use super::histogram::Histogram;
use super::snapshot::{Distribution, MetricsSnapshot};
use super::usage::Usage;
use super::window::SlidingWindow;
use super::{Outcome, Price, Timeline};

/// Features that are told apart, so that tags from outside can't fill the memory.
const FEATURES: usize = 64;
/// Bytes in the longest tag of a feature of its own.
const TAG_BYTES: usize = 128;
/// The tag that further features are counted under.
const OTHER: &str = "other";
/// Entries of a registry without features: that of untagged requests and that of [`OTHER`].
const BUILT_IN: usize = 2;

/// A feature in the registry: a request asks for it once, by its tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FeatureId(usize);

impl FeatureId {
    /// The feature of requests without a tag.
    const UNTAGGED: Self = Self(0);
    /// The feature of requests whose tags are too many or too long.
    const OTHER: Self = Self(1);
}

/// The metrics of an engine. Moments are durations since the engine's start, from one clock.
#[derive(Debug)]
pub(crate) struct Metrics {
    price: Option<Price>,
    recorded: Mutex<Recorded>,
}

#[derive(Clone, Debug)]
struct Recorded {
    /// Tags and metrics by [`FeatureId`].
    features: Vec<(String, Usage)>,
    step_rows: Histogram,
    queue_depth: usize,
    gpu_bytes: u64,
    host_bytes: u64,
    /// The time in which at least one step was under way.
    busy: Duration,
    /// The end of that time so far.
    busy_until: Duration,
    /// Busy nanoseconds.
    busy_minute: SlidingWindow,
}

impl Metrics {
    /// An empty registry, for an engine that starts now.
    pub(crate) fn new(price: Option<Price>) -> Self {
        let features = ["", OTHER].map(|tag| (tag.to_owned(), Usage::new()));
        let recorded = Recorded {
            features: features.into(),
            step_rows: Histogram::default(),
            queue_depth: 0,
            gpu_bytes: 0,
            host_bytes: 0,
            busy: Duration::ZERO,
            busy_until: Duration::ZERO,
            busy_minute: SlidingWindow::minute(),
        };
        Self { price, recorded: Mutex::new(recorded) }
    }

    /// The feature of a tag.
    pub(crate) fn feature(&self, tag: Option<&str>) -> FeatureId {
        let Some(tag) = tag.filter(|tag| !tag.is_empty()) else { return FeatureId::UNTAGGED };
        let features = &mut self.lock().features;
        if let Some(known) = features.iter().position(|(known, _)| known == tag) {
            return FeatureId(known);
        }
        if features.len() >= FEATURES + BUILT_IN || tag.len() > TAG_BYTES {
            return FeatureId::OTHER;
        }
        features.push((tag.to_owned(), Usage::new()));
        FeatureId(features.len() - 1)
    }

    /// Records that a request left the queue, with the tokens that the prefix cache held of its prompt; `None` where it wasn't
    /// looked up.
    pub(crate) fn admitted(&self, feature: FeatureId, at: Duration, prompt_tokens: usize, cached: Option<usize>) {
        self.lock().usage(feature).admitted(at, prompt_tokens, cached);
    }

    /// Records that a request joined an equal one that was under way.
    pub(crate) fn coalesced(&self, feature: FeatureId) {
        self.lock().usage(feature).coalesced += 1;
    }

    /// Records that a request gave its memory back for others and waits again.
    pub(crate) fn preempted(&self, feature: FeatureId) {
        self.lock().usage(feature).preempted += 1;
    }

    /// Records a generated token, and the time since the request's last one as [`Timeline::note_token`] returns it.
    pub(crate) fn token(&self, feature: FeatureId, at: Duration, since_last: Option<Duration>) {
        self.lock().usage(feature).token(at, since_last);
    }

    /// Records the end of a request, with the phases that it went through.
    pub(crate) fn finished(&self, feature: FeatureId, outcome: Outcome, timeline: &Timeline) {
        self.lock().usage(feature).finished(outcome, timeline);
    }

    /// Records a step, in the order of reading: the time from its submission until its results were read, and its token rows by
    /// feature. A feature can come several times.
    pub(crate) fn step(&self, submitted: Duration, read: Duration, rows: &[(FeatureId, u32)]) {
        let recorded = &mut *self.lock();
        // Steps overlap, since they are submitted ahead: each instant counts once, for the step that is read first.
        let busy = read.saturating_sub(submitted.max(recorded.busy_until));
        let nanos = u64::try_from(busy.as_nanos()).unwrap_or(u64::MAX);
        recorded.busy += busy;
        recorded.busy_until = recorded.busy_until.max(read);
        recorded.busy_minute.add(read, nanos);
        let total: u64 = rows.iter().map(|(_, rows)| u64::from(*rows)).sum();
        recorded.step_rows.record(total);
        for (feature, rows) in rows {
            recorded.usage(*feature).busy += busy.mul_f64(ratio(f64::from(*rows), total as f64));
        }
    }

    /// Records the number of requests in the queue.
    pub(crate) fn set_queue_depth(&self, requests: usize) {
        self.lock().queue_depth = requests;
    }

    /// Records the memory in use, in bytes.
    pub(crate) fn set_memory(&self, gpu: u64, host: u64) {
        let mut recorded = self.lock();
        (recorded.gpu_bytes, recorded.host_bytes) = (gpu, host);
    }

    /// The metrics now.
    pub(crate) fn snapshot(&self, now: Duration) -> MetricsSnapshot {
        // Copied, so that nobody waits while quantiles are computed.
        let recorded = self.lock().clone();
        let mut total = Usage::new();
        recorded.features.iter().for_each(|(_, usage)| total.merge(usage));
        let cost = self.price.map(|price| price.of(now, recorded.busy));
        let share = |usage: &Usage| cost.map(|cost| cost * ratio(usage.busy.as_secs_f64(), total.busy.as_secs_f64()));
        let tagged = recorded.features.iter().skip(FeatureId::OTHER.0);
        let features = tagged
            .filter(|(tag, usage)| tag != OTHER || *usage != Usage::new())
            .map(|(tag, usage)| (tag.clone(), usage.snapshot(now, share(usage))))
            .collect();
        MetricsSnapshot {
            uptime_ms: now.as_secs_f64() * 1e3,
            total: total.snapshot(now, cost),
            features,
            step_rows: Distribution::of(&recorded.step_rows, 1.0),
            queue_depth: recorded.queue_depth as u64,
            gpu_busy_share: ratio(recorded.busy.as_secs_f64(), now.as_secs_f64()).min(1.0),
            recent_gpu_busy_share: (recorded.busy_minute.per_second(now) / 1e9).min(1.0),
            gpu_bytes: recorded.gpu_bytes,
            host_bytes: recorded.host_bytes,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Recorded> {
        self.recorded.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Recorded {
    fn usage(&mut self, feature: FeatureId) -> &mut Usage {
        &mut self.features[feature.0].1
    }
}

#[cfg(test)]
mod tests;
