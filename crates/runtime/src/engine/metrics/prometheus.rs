//! The metrics in Prometheus' text format.

use super::{Distribution, Latency, MetricsSnapshot, Outcome, UsageSnapshot};

impl MetricsSnapshot {
    /// The metrics in Prometheus' text format, version 0.0.4. Families named `wgslm_feature_...` have a sample for each `feature`
    /// tag, and those named `wgslm_...` are of all requests. Rates are left to Prometheus, which derives them from the counters.
    #[must_use]
    pub fn to_prometheus(&self) -> String {
        let mut text = Exposition::default();
        text.usages("wgslm", &[(None, &self.total)]);
        let features: Vec<_> = self.features.iter().map(|(tag, usage)| (Some(tag.as_str()), usage)).collect();
        if !features.is_empty() {
            text.usages("wgslm_feature", &features);
        }
        text.family("wgslm_step_rows", "summary", "Token rows in a step (the batch size).");
        text.summary("wgslm_step_rows", &[], &self.step_rows, 1.0);
        for (name, help, value) in [
            ("wgslm_uptime_seconds", "Time since the engine's start.", self.uptime_ms / 1e3),
            ("wgslm_queue_depth", "Requests in the queue.", self.queue_depth as f64),
            ("wgslm_gpu_busy_ratio", "Share of the last minute with a busy GPU.", self.recent_gpu_busy_share),
            ("wgslm_gpu_memory_bytes", "Bytes on the GPU.", self.gpu_bytes as f64),
            ("wgslm_host_memory_bytes", "Bytes in host memory.", self.host_bytes as f64),
        ] {
            text.family(name, "gauge", help);
            text.sample(name, &[], value);
        }
        text.text
    }
}

/// A family with one sample a usage.
struct Single {
    /// The family's name without its prefix.
    name: &'static str,
    kind: &'static str,
    help: &'static str,
    value: fn(&UsageSnapshot) -> Option<f64>,
}

impl Single {
    const ALL: [Self; 12] = [
        Self::counter("preemptions_total", "Times that a request gave its memory back for others.", |usage| {
            Some(usage.preemptions as f64)
        }),
        Self::counter("coalesced_requests_total", "Requests that joined an equal one.", |usage| {
            Some(usage.coalesced_requests as f64)
        }),
        Self::counter("prompt_tokens_total", "Tokens in admitted prompts.", |usage| Some(usage.prompt_tokens as f64)),
        Self::counter("cached_tokens_total", "Prompt tokens that the prefix cache held.", |usage| {
            Some(usage.cached_tokens as f64)
        }),
        Self::counter("generated_tokens_total", "Tokens generated.", |usage| Some(usage.generated_tokens as f64)),
        Self::counter("prefix_lookups_total", "Lookups of the prefix cache.", |usage| {
            Some(usage.prefix_lookups as f64)
        }),
        Self::counter("prefix_hits_total", "Hits of the prefix cache.", |usage| Some(usage.prefix_hits as f64)),
        Self::counter("drafted_tokens_total", "Tokens proposed by speculative decoding.", |usage| {
            Some(usage.drafted_tokens as f64)
        }),
        Self::counter("accepted_tokens_total", "Tokens proposed by speculative decoding and kept.", |usage| {
            Some(usage.accepted_tokens as f64)
        }),
        Self::counter("gpu_busy_seconds_total", "Time in which the GPU was busy.", |usage| {
            Some(usage.gpu_busy_ms / 1e3)
        }),
        // Not a counter: a feature's share of the cost of idle time can fall.
        Self::gauge("cost", "Cost, in the configured price's currency.", |usage| Some(usage.cost?.total)),
        Self::gauge("request_cost", "Mean cost of a request, in the configured price's currency.", |usage| {
            Some(usage.cost?.per_request)
        }),
    ];

    const fn counter(name: &'static str, help: &'static str, value: fn(&UsageSnapshot) -> Option<f64>) -> Self {
        Self { name, kind: "counter", help, value }
    }

    const fn gauge(name: &'static str, help: &'static str, value: fn(&UsageSnapshot) -> Option<f64>) -> Self {
        Self { name, kind: "gauge", help, value }
    }
}

#[derive(Default)]
struct Exposition {
    text: String,
}

impl Exposition {
    /// Writes the families of `usages`, which have a `feature` tag or are of all requests.
    fn usages(&mut self, prefix: &str, usages: &[(Option<&str>, &UsageSnapshot)]) {
        let labels = |tag: &Option<_>| tag.map(|tag| ("feature", tag)).into_iter().collect::<Vec<_>>();
        let usages: Vec<_> = usages.iter().map(|(tag, usage)| (labels(tag), usage)).collect();
        for latency in Latency::ALL {
            let name = format!("{prefix}_{}_seconds", latency.name());
            self.family(&name, "summary", latency.help());
            for (labels, usage) in &usages {
                let distribution = usage.latencies_ms.get(&latency).copied().unwrap_or_default();
                self.summary(&name, labels, &distribution, 1e-3);
            }
        }
        let name = format!("{prefix}_requests_total");
        self.family(&name, "counter", "Requests that ended, by outcome.");
        for (labels, usage) in &usages {
            for outcome in Outcome::ALL {
                let count = usage.requests.get(&outcome).copied().unwrap_or_default();
                self.sample(&name, &[labels, &[("outcome", outcome.name())][..]].concat(), count as f64);
            }
        }
        for Single { name, kind, help, value } in Single::ALL {
            let name = format!("{prefix}_{name}");
            let samples: Vec<_> = usages.iter().filter_map(|(labels, usage)| Some((labels, value(usage)?))).collect();
            if !samples.is_empty() {
                self.family(&name, kind, help);
            }
            for (labels, value) in samples {
                self.sample(&name, labels, value);
            }
        }
    }

    /// Begins a family.
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        self.text += &format!("# HELP {name} {help}\n# TYPE {name} {kind}\n");
    }

    /// Writes the samples of a summary, its values times `scale`. Without values it has no quantiles.
    fn summary(&mut self, name: &str, labels: &[(&str, &str)], values: &Distribution, scale: f64) {
        let Distribution { count, sum, p50, p95, p99, .. } = *values;
        for (quantile, value) in [("0.5", p50), ("0.95", p95), ("0.99", p99)] {
            if count > 0 {
                self.sample(name, &[labels, &[("quantile", quantile)]].concat(), value * scale);
            }
        }
        self.sample(&format!("{name}_sum"), labels, sum * scale);
        self.sample(&format!("{name}_count"), labels, count as f64);
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: f64) {
        let labels: Vec<_> = labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escape(value))).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        self.text += &format!("{name}{labels} {value}\n");
    }
}

/// A label's value as it stands between quotes.
fn escape(value: &str) -> String {
    value.replace('\\', r"\\").replace('"', r#"\""#).replace('\n', r"\n")
}

#[cfg(test)]
mod tests;
