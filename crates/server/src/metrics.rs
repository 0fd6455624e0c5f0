//! The metrics of HTTP and of the models, for Prometheus in OpenMetrics' text format.

use std::time::Duration;

use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::model::Model;

/// The content type of the metrics.
pub(crate) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Bounds of the times until a response begins, in s.
const SECONDS: [f64; 12] = [0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0];

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    route: String,
    status: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    route: String,
}

/// The metrics of a server, besides those of its engines.
pub(crate) struct Metrics {
    registry: Registry,
    responses: Family<Answered, Counter>,
    durations: Family<Route, Histogram>,
    running: Gauge,
    loads: LoadCounts,
}

/// The counts of loads.
#[derive(Clone, Debug, Default)]
pub(crate) struct LoadCounts {
    loaded: Counter,
    failed: Counter,
    unloaded: Counter,
    seconds: Counter<f64, std::sync::atomic::AtomicU64>,
}

impl LoadCounts {
    pub(crate) fn loaded(&self, time: Duration) {
        self.loaded.inc();
        self.seconds.inc_by(time.as_secs_f64());
    }

    pub(crate) fn failed(&self) {
        self.failed.inc();
    }

    pub(crate) fn unloaded(&self) {
        self.unloaded.inc();
    }
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("wgslm");
        let (responses, running, loads) = (Family::default(), Gauge::default(), LoadCounts::default());
        let durations = Family::new_with_constructor((|| Histogram::new(SECONDS)) as fn() -> Histogram);
        registry.register("http_responses", "Responses, by route and status", responses.clone());
        registry.register("http_response_seconds", "Time until a response began", durations.clone());
        registry.register("http_running", "Requests for inference under way", running.clone());
        registry.register("model_loads", "Models loaded", loads.loaded.clone());
        registry.register("model_load_failures", "Loads that failed", loads.failed.clone());
        registry.register("model_unloads", "Models unloaded to make room", loads.unloaded.clone());
        registry.register("model_load_seconds", "Time of all loads", loads.seconds.clone());
        Self { registry, responses, durations, running, loads }
    }

    /// The counts for the registry of models.
    pub(crate) fn loads(&self) -> LoadCounts {
        self.loads.clone()
    }

    /// Counts a response of a route.
    pub(crate) fn count(&self, route: &str, status: u32, time: Duration) {
        let route = route.to_owned();
        self.responses.get_or_create(&Answered { route: route.clone(), status }).inc();
        self.durations.get_or_create(&Route { route }).observe(time.as_secs_f64());
    }

    /// The text of all metrics.
    pub(crate) fn text(&self, running: usize, models: &[(String, String)]) -> String {
        self.running.set(running as i64);
        let mut written = String::new();
        // Writing to a string doesn't fail.
        let _ = text::encode_registry(&mut written, &self.registry);
        written + &labelled(models) + "# EOF\n"
    }
}

/// The name of a model and its engine's metrics.
pub(crate) fn of_engine(model: &Model) -> (String, String) {
    (model.name.clone(), model.engine.metrics().to_prometheus())
}

/// The engines' metrics with a label for the model, a family's samples side by side, as OpenMetrics has them.
fn labelled(models: &[(String, String)]) -> String {
    let mut families: Vec<(String, String)> = Vec::new();
    for (model, text) in models {
        let mut lines = text.lines();
        let mut place = 0;
        while let Some(line) = lines.next() {
            let Some(help) = line.strip_prefix("# HELP ") else {
                families[place].1 += &with_label(line, model);
                continue;
            };
            let name = help.split(' ').next().unwrap_or_default();
            // OpenMetrics names a counter's family without the suffix that its samples have.
            let family = name.strip_suffix("_total").unwrap_or(name);
            let head = [line, "\n", lines.next().unwrap_or_default(), "\n"].concat();
            let head = head.replace(&format!(" {name} "), &format!(" {family} "));
            place = families.iter().position(|(known, _)| *known == head).unwrap_or_else(|| {
                families.push((head, String::new()));
                families.len() - 1
            });
        }
    }
    families.into_iter().map(|(head, samples)| head + &samples).collect()
}

/// A sample's line with the label of its model.
fn with_label(line: &str, model: &str) -> String {
    let model = model.replace('\\', r"\\").replace('"', r#"\""#).replace('\n', r"\n");
    match line.split_once('{') {
        Some((name, rest)) => format!("{name}{{model=\"{model}\",{rest}\n"),
        None => match line.split_once(' ') {
            Some((name, value)) => format!("{name}{{model=\"{model}\"}} {value}\n"),
            None => String::new(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_samples_of_a_family_stand_side_by_side() {
        let text = "# HELP a_total A.\n# TYPE a_total counter\na_total{outcome=\"x\"} 1\na_total 2\n# HELP b B.\n# TYPE b gauge\nb 3\n";
        let models = [("m".to_owned(), text.to_owned()), ("n\"".to_owned(), text.to_owned())];
        let expected = "# HELP a A.\n# TYPE a counter\na_total{model=\"m\",outcome=\"x\"} 1\na_total{model=\"m\"} 2\n\
                        a_total{model=\"n\\\"\",outcome=\"x\"} 1\na_total{model=\"n\\\"\"} 2\n\
                        # HELP b B.\n# TYPE b gauge\nb{model=\"m\"} 3\nb{model=\"n\\\"\"} 3\n";
        assert_eq!(labelled(&models), expected);
    }

    #[test]
    fn the_text_has_what_was_counted_and_an_end() {
        let metrics = Metrics::new();
        metrics.count("/health", 200, Duration::from_millis(3));
        let text = metrics.text(2, &[]);
        assert!(text.contains("wgslm_http_responses_total{route=\"/health\",status=\"200\"} 1"), "{text}");
        assert!(text.contains("wgslm_http_running 2") && text.ends_with("# EOF\n"), "{text}");
    }
}
