use std::thread;

use super::*;
use crate::engine::metrics::{Cost, Latency, PricedTime};

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// A request that arrives at 0 ms and is answered with three tokens.
fn answered() -> Timeline {
    let mut timeline = Timeline {
        tokenised: Some(ms(1)),
        window_closed: Some(ms(6)),
        admitted: Some(ms(10)),
        prefill_began: Some(ms(10)),
        prefill_ended: Some(ms(30)),
        ended: Some(ms(60)),
        sample: Some(ms(3)),
        detokenise: ms(2),
        drafted_tokens: 4,
        accepted_tokens: 1,
        ..Timeline::new(ms(0))
    };
    for at in [31, 41, 51] {
        timeline.note_token(ms(at));
    }
    timeline
}

#[test]
fn an_empty_registry_is_all_zero() {
    for now in [ms(0), ms(1000), Duration::MAX] {
        let snapshot = Metrics::new(None).snapshot(now);
        assert!(snapshot.features.is_empty());
        assert!(snapshot.total.requests.values().all(|count| *count == 0));
        assert!(snapshot.total.latencies_ms.values().all(|latency| *latency == Distribution::default()));
        assert_eq!((snapshot.gpu_busy_share, snapshot.recent_gpu_busy_share), (0.0, 0.0));
        assert_eq!((snapshot.total.prefix_hit_rate, snapshot.total.tokens_per_hour), (0.0, 0.0));
    }
}

#[test]
fn a_request_is_counted_in_all_and_under_its_feature() {
    let metrics = Metrics::new(None);
    let chat = metrics.feature(Some("chat"));
    assert_eq!(metrics.feature(Some("chat")), chat);
    for (feature, cached) in [(chat, Some(7)), (chat, Some(0)), (metrics.feature(None), None)] {
        metrics.admitted(feature, ms(5), 10, cached);
        let mut timeline = Timeline::default();
        for at in [31, 41, 51] {
            metrics.token(feature, ms(at), timeline.note_token(ms(at)));
        }
        metrics.finished(feature, Outcome::Stop, &answered());
    }
    let snapshot = metrics.snapshot(ms(2000));
    assert_eq!(snapshot.features.keys().collect::<Vec<_>>(), ["chat"]);
    for (usage, requests) in [(&snapshot.features["chat"], 2), (&snapshot.total, 3)] {
        let counts =
            [usage.requests[&Outcome::Stop], usage.prompt_tokens, usage.generated_tokens, usage.drafted_tokens];
        assert_eq!(counts, [requests, requests * 10, requests * 3, requests * 4]);
        assert_eq!((usage.prefix_lookups, usage.prefix_hits, usage.cached_tokens), (2, 1, 7));
        assert_eq!((usage.prefix_hit_rate, usage.acceptance_rate), (0.5, 0.25));
        assert_eq!(usage.prompt_tokens_per_s, requests as f64 * 5.0);
        assert_eq!(usage.generated_tokens_per_s, requests as f64 * 1.5);
        // An hour's tokens at the rate of the first minute, at the least.
        assert!((usage.tokens_per_hour - requests as f64 * 13.0 * 60.0).abs() < 1e-6);
        for (latency, expected) in [
            (Latency::TimeToFirstToken, 31.0),
            (Latency::InterToken, 10.0),
            (Latency::EndToEnd, 60.0),
            (Latency::Tokenise, 1.0),
            (Latency::Queue, 4.0),
            (Latency::BatchingWindow, 5.0),
            (Latency::Prefill, 20.0),
            (Latency::Decode, 20.0),
            (Latency::Sample, 3.0),
            (Latency::Detokenise, 2.0),
        ] {
            let found = usage.latencies_ms[&latency];
            let count = if latency == Latency::InterToken { requests * 2 } else { requests };
            assert_eq!(found.count, count, "{latency:?}");
            assert!(
                [found.mean, found.max].iter().all(|value| (value - expected).abs() < 1e-6),
                "{latency:?}: {found:?}"
            );
            assert!([found.p50, found.p95, found.p99].iter().all(|value| (value / expected - 1.0).abs() < 0.016));
        }
    }
}

#[test]
fn requests_that_were_not_answered_have_no_end_to_end_time() {
    let metrics = Metrics::new(None);
    for outcome in Outcome::ALL {
        metrics.finished(metrics.feature(None), outcome, &answered());
    }
    metrics.finished(metrics.feature(None), Outcome::Refused, &Timeline { ended: Some(ms(1)), ..Timeline::new(ms(0)) });
    let total = metrics.snapshot(ms(100)).total;
    assert_eq!(total.latencies_ms[&Latency::EndToEnd].count, 3);
    assert_eq!(total.latencies_ms[&Latency::Queue].count, 7);
    assert_eq!(total.requests.values().copied().collect::<Vec<_>>(), [1, 1, 1, 1, 1, 2, 1]);
}

#[test]
fn tags_past_the_bound_are_counted_under_other() {
    let metrics = Metrics::new(None);
    let long = "x".repeat(TAG_BYTES + 1);
    let tags = [OTHER.to_owned(), long].into_iter().chain((0..100).map(|tag| format!("tag {tag}")));
    for tag in tags.chain(["tag 0".to_owned(), String::new()]) {
        metrics.finished(metrics.feature(Some(&tag)), Outcome::Length, &answered());
    }
    let snapshot = metrics.snapshot(ms(100));
    let requests = |tag: &str| snapshot.features[tag].requests[&Outcome::Length];
    assert_eq!(snapshot.features.len(), FEATURES + 1);
    assert_eq!((requests("tag 0"), requests("tag 63"), requests(OTHER)), (2, 1, 36 + 2));
    assert_eq!(snapshot.total.requests[&Outcome::Length], 104);
}

#[test]
fn overlapping_steps_are_busy_once() {
    let metrics = Metrics::new(None);
    let (chat, untagged) = (metrics.feature(Some("chat")), metrics.feature(None));
    // The second step is submitted while the first runs; between the second and the third the GPU is idle for 30 ms.
    metrics.step(ms(10), ms(20), &[(chat, 1)]);
    metrics.step(ms(15), ms(40), &[(chat, 1), (untagged, 2), (chat, 1)]);
    metrics.step(ms(70), ms(80), &[]);
    // Read late and within the time that is counted already.
    metrics.step(ms(12), ms(30), &[(untagged, 8)]);
    metrics.step(ms(50), ms(90), &[(untagged, 1)]);
    let snapshot = metrics.snapshot(ms(200));
    assert!((snapshot.gpu_busy_share - 0.25).abs() < 1e-9);
    assert!((snapshot.recent_gpu_busy_share - 0.05).abs() < 1e-9, "of the window's first second");
    assert!((snapshot.features["chat"].gpu_busy_ms - 20.0).abs() < 1e-6);
    assert!((snapshot.total.gpu_busy_ms - 40.0).abs() < 1e-6);
    assert_eq!((snapshot.step_rows.count, snapshot.step_rows.max, snapshot.step_rows.p50), (5, 8.0, 1.0));
}

#[test]
fn a_price_is_shared_by_busy_time_and_requests() {
    let hours = |hours: u64| Duration::from_secs(3600 * hours);
    for (time, total) in [(PricedTime::Wall, 40.0), (PricedTime::Busy, 10.0)] {
        let metrics = Metrics::new(Some(Price::new(10.0, time).expect("a price")));
        let [chat, search, idle] = ["chat", "search", "idle"].map(|tag| metrics.feature(Some(tag)));
        metrics.step(hours(1), hours(2), &[(chat, 3), (search, 1)]);
        for outcome in [Outcome::Stop, Outcome::Cancelled, Outcome::Failed, Outcome::Refused] {
            metrics.finished(chat, outcome, &answered());
        }
        metrics.finished(search, Outcome::Deadline, &answered());
        metrics.finished(idle, Outcome::Refused, &answered());
        let snapshot = metrics.snapshot(hours(4));
        for (usage, total, per_request) in [
            (&snapshot.total, total, total / 4.0),
            (&snapshot.features["chat"], total * 0.75, total * 0.25),
            (&snapshot.features["search"], total * 0.25, total * 0.25),
            (&snapshot.features["idle"], 0.0, 0.0),
        ] {
            assert_eq!(usage.cost, Some(Cost { total, per_request }), "{time:?}");
        }
    }
    assert_eq!(Metrics::new(None).snapshot(hours(1)).total.cost, None);
}

#[test]
fn gauges_hold_their_last_value() {
    let metrics = Metrics::new(None);
    for (depth, gpu, host) in [(3, 10, 20), (1, 30, 5)] {
        metrics.set_queue_depth(depth);
        metrics.set_memory(gpu, host);
    }
    let snapshot = metrics.snapshot(ms(1500));
    assert_eq!((snapshot.queue_depth, snapshot.gpu_bytes, snapshot.host_bytes), (1, 30, 5));
    assert_eq!(snapshot.uptime_ms, 1500.0);
}

#[test]
fn nothing_recorded_by_threads_is_lost() {
    const THREADS: u64 = 4;
    const REQUESTS: u64 = 500;
    let metrics = Metrics::new(None);
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let metrics = &metrics;
            scope.spawn(move || {
                for request in 0..REQUESTS {
                    let feature = metrics.feature(Some(if request % 2 == 0 { "even" } else { "odd" }));
                    let at = ms(request * THREADS + thread);
                    metrics.admitted(feature, at, 5, Some(2));
                    metrics.step(at, at + ms(1), &[(feature, 5)]);
                    metrics.token(feature, at, Some(ms(1)));
                    metrics.finished(feature, Outcome::Stop, &answered());
                }
            });
        }
        for now in 0..50 {
            let snapshot = metrics.snapshot(ms(now));
            assert_eq!(snapshot.total.prompt_tokens, snapshot.total.prefix_lookups * 5, "read in the middle");
        }
    });
    let snapshot = metrics.snapshot(ms(THREADS * REQUESTS));
    let all = THREADS * REQUESTS;
    for (usage, requests) in
        [(&snapshot.total, all), (&snapshot.features["even"], all / 2), (&snapshot.features["odd"], all / 2)]
    {
        assert_eq!(usage.requests[&Outcome::Stop], requests);
        assert_eq!((usage.prompt_tokens, usage.cached_tokens), (requests * 5, requests * 2));
        assert_eq!(usage.generated_tokens, requests);
        assert_eq!(usage.latencies_ms[&Latency::InterToken].count, requests);
    }
    assert_eq!(snapshot.step_rows.count, all);
    assert!(snapshot.gpu_busy_share <= 1.0);
}

#[test]
fn a_snapshot_is_written_as_json() {
    let metrics = Metrics::new(Some(Price::new(2.0, PricedTime::Wall).expect("a price")));
    metrics.finished(metrics.feature(Some("chat")), Outcome::Stop, &answered());
    let json = serde_json::to_value(metrics.snapshot(Duration::from_secs(3600))).expect("JSON");
    assert_eq!(json["total"]["requests"]["stop"], 1);
    assert_eq!(json["features"]["chat"]["latencies_ms"]["queue"]["max"], 4.0);
    assert_eq!(json["total"]["cost"]["per_request"], 2.0);
}
