//! The metrics of an engine at a moment, as plain data. In a browser they become objects of JavaScript, with its names.

use std::collections::BTreeMap;

use serde::Serialize;

use super::histogram::Histogram;
use super::{Cost, Latency, Outcome};

/// A distribution of values. Its quantiles are within 1.6 % of exact ones, and all is 0 where there are no values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify), serde(rename_all = "camelCase"))]
pub struct Distribution {
    /// The number of values.
    pub count: u64,
    /// The sum of all values.
    pub sum: f64,
    /// The mean of all values.
    pub mean: f64,
    /// The largest value.
    pub max: f64,
    /// The median.
    pub p50: f64,
    /// The value that 95 % of all don't exceed.
    pub p95: f64,
    /// The value that 99 % of all don't exceed.
    pub p99: f64,
}

impl Distribution {
    /// The distribution of a histogram's values times `scale`.
    pub(super) fn of(histogram: &Histogram, scale: f64) -> Self {
        let sum = histogram.sum() as f64 * scale;
        let quantile = |q| histogram.quantile(q) * scale;
        Self {
            count: histogram.count(),
            sum,
            mean: sum / histogram.count().max(1) as f64,
            max: histogram.max() as f64 * scale,
            p50: quantile(0.5),
            p95: quantile(0.95),
            p99: quantile(0.99),
        }
    }
}

/// The metrics of requests: all of an engine's, or those of a feature.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify), tsify(hashmap_as_object), serde(rename_all = "camelCase"))]
pub struct UsageSnapshot {
    /// The distribution in ms of every duration.
    pub latencies_ms: BTreeMap<Latency, Distribution>,
    /// Requests that ended, by outcome.
    pub requests: BTreeMap<Outcome, u64>,
    /// Requests that joined an equal one that was under way.
    pub coalesced_requests: u64,
    /// Times that a request gave its memory back for others, and went on later.
    pub preemptions: u64,
    /// Tokens in the prompts of admitted requests, cached ones included.
    pub prompt_tokens: u64,
    /// Tokens of prompts that the prefix cache held.
    pub cached_tokens: u64,
    /// Tokens generated.
    pub generated_tokens: u64,
    /// Requests whose prefix was looked up in the cache.
    pub prefix_lookups: u64,
    /// Requests of which the cache held at least one token.
    pub prefix_hits: u64,
    /// Hits by lookups of the prefix cache, from 0 to 1.
    pub prefix_hit_rate: f64,
    /// Tokens proposed by speculative decoding, of requests that ended.
    pub drafted_tokens: u64,
    /// Tokens proposed by speculative decoding and kept, of requests that ended.
    pub accepted_tokens: u64,
    /// Accepted by drafted tokens, from 0 to 1.
    pub acceptance_rate: f64,
    /// Tokens a second of admitted prompts, over the last minute.
    #[cfg_attr(target_arch = "wasm32", serde(rename = "promptTokensPerSecond"))]
    pub prompt_tokens_per_s: f64,
    /// Tokens generated a second, over the last minute.
    #[cfg_attr(target_arch = "wasm32", serde(rename = "generatedTokensPerSecond"))]
    pub generated_tokens_per_s: f64,
    /// Tokens an hour, of prompts and generated, over the last hour; extrapolated where the engine is younger.
    pub tokens_per_hour: f64,
    /// The time in which the GPU was busy, in ms. A step's time is shared by its rows.
    pub gpu_busy_ms: f64,
    /// The cost, where a price is configured.
    #[cfg_attr(target_arch = "wasm32", tsify(optional), serde(skip_serializing_if = "Option::is_none"))]
    pub cost: Option<Cost>,
}

/// The metrics of an engine at a moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify), tsify(hashmap_as_object), serde(rename_all = "camelCase"))]
pub struct MetricsSnapshot {
    /// The time since the engine's start, in ms.
    pub uptime_ms: f64,
    /// The metrics of all requests.
    pub total: UsageSnapshot,
    /// The metrics of tagged requests, by their `feature` tag. At most 64 tags are told apart; requests with others are under
    /// `other`.
    pub features: BTreeMap<String, UsageSnapshot>,
    /// The distribution of token rows in a step (the batch size).
    pub step_rows: Distribution,
    /// Requests in the queue.
    pub queue_depth: u64,
    /// The share of time in which the GPU was busy, since the engine's start, from 0 to 1. It is busy from a step's submission
    /// until its results are read.
    pub gpu_busy_share: f64,
    /// The share of time in which the GPU was busy, over the last minute.
    pub recent_gpu_busy_share: f64,
    /// Bytes on the GPU.
    pub gpu_bytes: u64,
    /// Bytes in host memory.
    pub host_bytes: u64,
}
