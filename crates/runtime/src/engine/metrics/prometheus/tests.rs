use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::*;
use crate::engine::metrics::registry::Metrics;
use crate::engine::metrics::{Price, PricedTime, Timeline};

/// A tag with every character that the format escapes, and some that it uses.
const STRANGE: &str = "a\"b\\c\nd{},= \\n é";

/// Values of labels by name.
type Labels = BTreeMap<String, String>;
/// The name and the labels of a sample.
type Series = (String, Labels);

/// A text in Prometheus' format, read.
#[derive(Default)]
struct Parsed {
    /// Kinds by family.
    families: BTreeMap<String, String>,
    samples: BTreeMap<String, Vec<(Labels, f64)>>,
}

impl Parsed {
    /// Reads a text, and checks that each family is whole: explained, typed, in one piece and without a sample twice.
    fn read(text: &str) -> Self {
        assert!(text.ends_with('\n'));
        let mut parsed = Self::default();
        let mut seen = BTreeSet::<Series>::new();
        let mut lines = text.lines().peekable();
        while let Some(line) = lines.next() {
            let (name, help) = line.strip_prefix("# HELP ").expect("a family").split_once(' ').expect("a help text");
            assert!(!help.is_empty() && is_name(name), "{line}");
            let kind = lines.next().and_then(|line| line.strip_prefix("# TYPE ")).expect("a type");
            let kind = kind.strip_prefix(name).expect("the same family").trim_start();
            assert!(["counter", "gauge", "summary"].contains(&kind), "{kind}");
            assert_eq!(parsed.families.insert(name.to_owned(), kind.to_owned()), None, "{name} twice");
            while let Some(sample) = lines.next_if(|line| !line.starts_with('#')) {
                let ((full, labels), value) = read_sample(sample);
                let suffix = full.strip_prefix(name).expect("a sample of the family");
                let allowed = if kind == "summary" { &["", "_sum", "_count"][..] } else { &[""] };
                assert!(allowed.contains(&suffix), "{sample}");
                assert_eq!(kind == "summary" && suffix.is_empty(), labels.contains_key("quantile"), "{sample}");
                assert!(value.is_finite(), "{sample}");
                assert!(seen.insert((full.clone(), labels.clone())), "{sample} twice");
                parsed.samples.entry(full).or_default().push((labels, value));
            }
        }
        parsed
    }

    /// The value of a sample.
    fn value(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        self.samples.get(name)?.iter().find(|(found, _)| *found == labels).map(|(_, value)| *value)
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|first: char| first.is_ascii_digit())
        && name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}

/// Reads `name{label="value",...} number`.
fn read_sample(line: &str) -> (Series, f64) {
    let end = line.find(['{', ' ']).expect("a name's end");
    let (name, mut rest) = line.split_at(end);
    assert!(is_name(name), "{line}");
    let mut labels = BTreeMap::new();
    if let Some(inside) = rest.strip_prefix('{') {
        rest = inside;
        loop {
            let (label, value) = rest.split_once("=\"").expect("a label");
            assert!(is_name(label), "{line}");
            let mut letters = value.char_indices();
            let mut text = String::new();
            let end = loop {
                match letters.next().expect("a closing quote") {
                    (at, '"') => break at,
                    (_, '\\') => text.push(match letters.next() {
                        Some((_, 'n')) => '\n',
                        Some((_, escaped @ ('\\' | '"'))) => escaped,
                        other => panic!("{other:?} is no escape in {line}"),
                    }),
                    (_, letter) => text.push(letter),
                }
            };
            assert_eq!(labels.insert(label.to_owned(), text), None, "{line}");
            let after = &value[end + 1..];
            match after.strip_prefix(',') {
                Some(more) => rest = more,
                None => {
                    rest = after.strip_prefix('}').expect("the labels' end");
                    break;
                }
            }
        }
    }
    let value = rest.strip_prefix(' ').expect("a space").parse().expect("a number");
    ((name.to_owned(), labels), value)
}

fn recorded(price: Option<Price>, tags: &[&str]) -> MetricsSnapshot {
    let second = Duration::from_secs(1);
    let metrics = Metrics::new(price);
    for tag in tags {
        let feature = metrics.feature(Some(tag));
        metrics.admitted(feature, second, 100, Some(60));
        metrics.step(second, second * 3, &[(feature, 40)]);
        metrics.token(feature, second * 3, None);
        metrics.token(feature, second * 5, Some(second * 2));
        let timeline = Timeline { admitted: Some(second / 4), ..Timeline::new(Duration::ZERO) };
        metrics.finished(feature, Outcome::Length, &timeline);
    }
    metrics.set_queue_depth(5);
    metrics.set_memory(1 << 33, 1 << 20);
    metrics.snapshot(second * 10)
}

#[test]
fn what_is_rendered_can_be_read_again() {
    let price = Price::new(3600.0, PricedTime::Wall).expect("a price");
    let parsed = Parsed::read(&recorded(Some(price), &["chat", STRANGE]).to_prometheus());
    for (name, labels, expected) in [
        ("wgslm_requests_total", &[("outcome", "length")][..], 2.0),
        ("wgslm_requests_total", &[("outcome", "refused")], 0.0),
        ("wgslm_feature_requests_total", &[("feature", STRANGE), ("outcome", "length")], 1.0),
        ("wgslm_feature_prompt_tokens_total", &[("feature", "chat")], 100.0),
        ("wgslm_cached_tokens_total", &[], 120.0),
        ("wgslm_prefix_hits_total", &[], 2.0),
        ("wgslm_inter_token_seconds_sum", &[], 4.0),
        ("wgslm_inter_token_seconds_count", &[], 2.0),
        ("wgslm_feature_queue_seconds_sum", &[("feature", "chat")], 0.25),
        ("wgslm_gpu_busy_seconds_total", &[], 2.0),
        ("wgslm_cost", &[], 10.0),
        ("wgslm_request_cost", &[], 5.0),
        ("wgslm_step_rows_sum", &[], 80.0),
        ("wgslm_step_rows", &[("quantile", "0.5")], 40.0),
        ("wgslm_uptime_seconds", &[], 10.0),
        ("wgslm_queue_depth", &[], 5.0),
        ("wgslm_gpu_memory_bytes", &[], (1_u64 << 33) as f64),
    ] {
        assert_eq!(parsed.value(name, labels), Some(expected), "{name} {labels:?}");
    }
    let p99 = parsed.value("wgslm_inter_token_seconds", &[("quantile", "0.99")]).expect("a quantile");
    assert!((p99 / 2.0 - 1.0).abs() < 0.016, "{p99} s");
    for (family, kind) in &parsed.families {
        assert_eq!(kind == "counter", family.ends_with("_total"), "{family}");
    }
}

#[test]
fn features_add_up_to_the_whole() {
    let parsed = Parsed::read(&recorded(None, &["a", "b", "c"]).to_prometheus());
    for (name, samples) in &parsed.samples {
        let Some(rest) = name.strip_prefix("wgslm_feature_").filter(|name| name.ends_with("_total")) else { continue };
        let sum = |samples: &[(Labels, f64)]| samples.iter().map(|(_, value)| value).sum::<f64>();
        assert_eq!(sum(samples), sum(&parsed.samples[&format!("wgslm_{rest}")]), "{name}");
    }
    assert_eq!(parsed.samples["wgslm_feature_prompt_tokens_total"].len(), 3);
}

#[test]
fn what_there_is_none_of_is_left_out() {
    for snapshot in [recorded(None, &[]), MetricsSnapshot::default()] {
        let parsed = Parsed::read(&snapshot.to_prometheus());
        assert!(parsed.families.keys().all(|name| !name.contains("feature") && !name.contains("cost")));
        assert_eq!(parsed.value("wgslm_queue_seconds", &[("quantile", "0.5")]), None);
        assert_eq!(parsed.value("wgslm_queue_seconds_count", &[]), Some(0.0));
    }
}
