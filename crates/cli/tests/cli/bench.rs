//! Tests of `wgslm bench`.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::program::{Run, has_device, json_lines, tiny_model, usual_device, wgslm, wgslm_with};

/// Sizes small enough for software adapters.
const SMALL: [&str; 6] = ["--prompt-tokens", "6", "--gen-tokens", "4", "--repeat", "2"];

fn bench(arguments: &[&str]) -> Run {
    wgslm(&[&["bench", "--model", &tiny_model()], &SMALL[..], arguments].concat())
}

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().expect("an object").keys().map(String::as_str).collect()
}

fn positive(value: &Value) -> bool {
    value.as_f64().is_some_and(|number| number > 0.0 && number.is_finite())
}

/// Checks that a figure is consistent and has as many samples as asked for.
fn check_figure(figure: &Value, samples: usize) {
    assert_eq!(keys(figure), BTreeSet::from(["median", "min", "max", "samples"]));
    let number = |key: &str| figure[key].as_f64().expect("a number");
    assert!(0.0 < number("min") && number("min") <= number("median") && number("median") <= number("max"), "{figure}");
    assert_eq!(figure["samples"].as_array().map(Vec::len), Some(samples), "{figure}");
}

#[test]
fn the_report_has_the_promised_keys() {
    let Some(usual_device) = usual_device() else { return };
    let report = bench(&["--depth", "0,40", "--json"]).json();
    let promised = [
        "model",
        "device",
        "settings",
        "load_ms",
        "load_phases",
        "first_request_ms",
        "warm_request_ms",
        "ttft_ms",
        "dispatches_per_token",
        "depths",
        "cached_prefix",
        "streams",
        "memory",
        "copy_bytes_per_s",
        "profiles",
    ];
    assert_eq!(keys(&report), BTreeSet::from(promised));
    assert_eq!(report["model"]["file"], "tiny-llama-q8_0.gguf");
    assert_eq!(report["model"]["architecture"], "llama");
    assert_eq!(report["device"]["name"], *usual_device);
    let settings = json!({
        "prompt_tokens": 6, "gen_tokens": 4, "batch": 1, "repeat": 2, "tokens_in_flight": 4, "context_length": 47,
        "temperature": 0.0, "top_k": 0, "top_p": 1.0, "min_p": 0.0,
        "slots": 8, "shared_prefix": 0, "prefix_cache": true,
    });
    assert_eq!(report["settings"], settings);
    for key in ["load_ms", "first_request_ms", "dispatches_per_token", "copy_bytes_per_s"] {
        assert!(positive(&report[key]), "{key}: {report}");
    }
    let phases = report["load_phases"].as_object().expect("an object");
    let sum: f64 = phases.values().filter_map(Value::as_f64).sum();
    let load = report["load_ms"].as_f64().expect("a number");
    assert!(phases.len() == 8 && 0.5 * load < sum && sum <= load, "{phases:?}");
    check_figure(&report["warm_request_ms"], 2);
    check_figure(&report["ttft_ms"], 2);
    let depths = report["depths"].as_array().expect("a list");
    assert_eq!(depths.iter().map(|depth| &depth["depth"]).collect::<Vec<_>>(), [&json!(0), &json!(40)]);
    for depth in depths {
        check_figure(&depth["prefill_tokens_per_s"], 2);
        check_figure(&depth["decode_tokens_per_s"], 2);
        for key in ["bytes_per_token", "bytes_per_s", "bandwidth_share"] {
            assert!(positive(&depth[key]), "{key}: {depth}");
        }
    }
    let bytes = |depth: usize| depths[depth]["bytes_per_token"].as_u64().expect("a count");
    // 2 layers of 2 KV heads of width 64, keys and values in f32.
    assert_eq!(bytes(1) - bytes(0), 40 * 2 * 2 * 64 * 2 * 4);
    let memory = |key: &str| report["memory"][key].as_u64().expect("a count");
    assert!(memory("weight_bytes") > 1 << 20 && memory("kv_cache_bytes") > 0, "{report}");
    assert!(memory("peak_bytes") > memory("weight_bytes") + memory("kv_cache_bytes"), "{report}");
    assert!(memory("peak_bytes") < 16 << 20, "the buffers for the bandwidth are counted: {report}");
    assert_eq!((&report["streams"], &report["profiles"]), (&json!([]), &json!([])));
}

#[test]
fn generations_run_side_by_side_up_to_the_slots_there_are() {
    if !has_device() {
        return;
    }
    let report = bench(&["--batch", "3", "--json"]).json();
    assert_eq!(report["settings"]["batch"], 3);
    check_figure(&report["depths"][0]["decode_tokens_per_s"], 2);
    assert_eq!(report["depths"][0]["bandwidth_share"], Value::Null, "a step may serve all of them");
    bench(&["--batch", "3", "--slots", "2"])
        .failed(1, "--batch=3 is not usable; it should be from 1 to 2, the requests");
    bench(&["--batch", "60000"]).failed(1, "slots=60000 is not usable; it should be from 1 to ");
    bench(&["--kv-tokens", "10"]).failed(1, "the cache has to hold one full context");
}

#[test]
fn streams_are_compared_with_one_and_start_from_the_prefix_that_they_share() {
    if !has_device() {
        return;
    }
    let numbers = ["--batch", "1,3", "--shared-prefix", "20", "--gen-tokens", "8", "--json"];
    for (options, saved, hit_rate) in [(&[][..], 20.0, 1.0), (&["--no-prefix-cache"], 0.0, 0.0)] {
        let arguments = ["bench", "--model", &tiny_model(), "--prompt-tokens", "6", "--repeat", "2"];
        let report = wgslm(&[&arguments[..], &numbers, options].concat()).json();
        assert_eq!((&report["settings"]["slots"], &report["settings"]["shared_prefix"]), (&json!(3), &json!(20)));
        assert_eq!(report["settings"]["batch"], 1, "other figures are those of a single generation");
        let streams = report["streams"].as_array().expect("a list");
        assert_eq!(streams.iter().map(|entry| &entry["streams"]).collect::<Vec<_>>(), [&json!(1), &json!(3)]);
        for entry in streams {
            // A prompt may go on as another did by chance.
            let number = |key: &str| entry[key].as_f64().expect("a number");
            assert!((saved..=saved * 1.2).contains(&number("saved_tokens")), "{entry}");
            assert_eq!(number("prefix_hit_rate"), hit_rate, "{entry}");
            for key in ["ttft_ms", "itl_ms"] {
                let at = |quantile: &str| entry[key][quantile].as_f64().expect("a number");
                assert!(0.0 <= at("p50") && at("p50") <= at("p95") && at("p95") <= at("p99"), "{entry}");
            }
            for key in ["stream_tokens_per_s", "speedup", "step_tokens", "step_cost"] {
                assert!(positive(&entry[key]), "{key}: {entry}");
            }
            check_figure(&entry["tokens_per_s"], 2);
            check_figure(&entry["step_ms"], 2);
        }
        assert_eq!((&streams[0]["speedup"], &streams[0]["step_cost"]), (&json!(1.0), &json!(1.0)));
        assert!(streams[1]["step_tokens"].as_f64().is_some_and(|tokens| tokens > 2.0), "steps are shared: {report}");
    }
}

#[test]
fn a_prompt_asked_for_again_is_cached_but_for_its_last_token() {
    if !has_device() {
        return;
    }
    let sizes = ["--prompt-tokens", "70", "--gen-tokens", "1", "--repeat", "2", "--json"];
    let with_cache = wgslm(&[&["bench", "--model", &tiny_model()], &sizes[..]].concat()).json();
    let cached = &with_cache["cached_prefix"];
    assert_eq!((&cached["prompt_tokens"], &cached["cached_tokens"]), (&json!(70), &json!(69)));
    check_figure(&cached["cold_ttft_ms"], 2);
    check_figure(&cached["cached_ttft_ms"], 2);
    assert!(positive(&cached["speedup"]), "{cached}");
    bench(&["--no-prefix-cache", "--depth", "0,4"])
        .failed(1, "--depth=4 is not usable; it should be 0 with --no-prefix");
    let without = bench(&["--no-prefix-cache", "--json"]).json();
    assert_eq!((&without["cached_prefix"], &without["settings"]["prefix_cache"]), (&Value::Null, &json!(false)));
}

#[test]
fn kernels_are_timed_where_the_device_has_timestamps() {
    if !has_device() {
        return;
    }
    let options = ["bench", "--model", &tiny_model(), "--profile=1"];
    let arguments = [&options, &SMALL[..], &["--json"]].concat();
    wgslm_with(&[("WGSLM_CAPABILITIES", "baseline")], &arguments).failed(1, "has no timestamps here");
    let run = wgslm(&arguments);
    if run.status == Some(1) && run.stderr.contains("has no timestamps here") {
        return;
    }
    let report = run.json();
    let profiles = report["profiles"].as_array().expect("a list");
    let steps: Vec<_> = profiles.iter().map(|profile| (&profile["depth"], &profile["tokens"])).collect();
    assert_eq!(steps, [(&json!(0), &json!(1)), (&json!(0), &json!(6))]);
    for profile in profiles {
        let kernels = profile["kernels"].as_array().expect("a list");
        let shares: f64 = kernels.iter().map(|kernel| kernel["share"].as_f64().expect("a number")).sum();
        assert!((shares - 1.0).abs() < 1e-6, "{profile}");
        assert!(positive(&profile["in_order_us"]) && positive(&profile["repeated_us"]), "{profile}");
        let dispatches: u64 = kernels.iter().map(|kernel| kernel["dispatches"].as_u64().expect("a count")).sum();
        assert!(profile["tokens"] != 1 || report["dispatches_per_token"] == dispatches, "{profile}");
        let down =
            kernels.iter().find(|kernel| kernel["label"].as_str().is_some_and(|label| label.contains("ffn_down")));
        assert!(positive(&down.expect("a matrix of the layers")["weight_bytes"]), "{profile}");
    }
}

#[test]
fn tokens_are_chosen_as_asked_for_and_the_kernels_that_do_so_are_timed() {
    if !has_device() {
        return;
    }
    let greedy = bench(&["--json"]).json();
    let sampling = ["--temperature", "0.5", "--top-k", "7", "--top-p", "0.75", "--min-p", "0.25", "--json"];
    let sampled = bench(&sampling).json();
    for (option, value) in
        [("temperature", json!(0.5)), ("top_k", json!(7)), ("top_p", json!(0.75)), ("min_p", json!(0.25))]
    {
        assert_eq!(sampled["settings"][option], value);
    }
    let dispatches = |report: &Value| report["dispatches_per_token"].as_u64().expect("a count");
    assert_eq!(dispatches(&sampled), dispatches(&greedy) + 4, "the stages of truncation");
    let run = bench(&[&sampling[..], &["--profile=1"]].concat());
    if run.status == Some(1) && run.stderr.contains("has no timestamps here") {
        return;
    }
    for profile in run.json()["profiles"].as_array().expect("a list") {
        let kernels = profile["kernels"].as_array().expect("a list");
        let truncation =
            kernels.iter().filter(|kernel| kernel["kernel"].as_str().is_some_and(|name| name.starts_with("truncate")));
        assert_eq!(truncation.count(), 4, "{profile}");
    }
}

#[test]
fn the_tables_are_for_people() {
    if !has_device() {
        return;
    }
    let text = bench(&["--depth", "3", "--batch", "2", "--shared-prefix", "9"]).succeeded();
    for line in [
        "model     tiny llama (llama, 1.3 M parameters)",
        "first request ",
        "copy bandwidth ",
        "\n     3  ",
        "\nwith 5 of them cached ",
        "prompts of 9 shared tokens and 16 others, 4 generated",
        "\n      2  ",
    ] {
        assert!(text.contains(line), "{line:?} is missing in\n{text}");
    }
}

#[test]
fn sizes_that_the_model_cannot_do_are_refused_before_it_is_loaded() {
    for (arguments, context) in [
        (&["--depth", "0,2042"][..], "2049"),
        (&["--depth", "4294967295"], "4294967302"),
        (&["--batch", "2,4", "--shared-prefix", "2030"], "2051"),
        (&["--shared-prefix", "4294967295"], "4294967316"),
    ] {
        let message = format!("={context} is not usable; it should be at most 2048, the positions");
        bench(arguments).failed(1, &message);
    }
}

#[test]
fn a_soak_tells_what_is_in_use_and_leaves_nothing_behind() {
    if !has_device() {
        return;
    }
    let run = wgslm(&["bench", "soak", "--model", &tiny_model(), "--requests", "60", "--json"]);
    let uses = json_lines(&run.succeeded());
    assert_eq!(
        uses.iter().map(|line| line["requests"].as_u64()).collect::<Vec<_>>(),
        (1..=10).map(|tenth| Some(tenth * 6)).collect::<Vec<_>>()
    );
    for line in &uses {
        assert!(positive(&line["host_bytes"]) && positive(&line["tokens_per_s"]), "{line}");
        assert_eq!(line["gpu_bytes"], uses[0]["gpu_bytes"]);
    }
}

#[test]
fn a_soak_of_too_few_requests_is_refused() {
    wgslm(&["bench", "soak", "--model", &tiny_model(), "--requests", "5"]).failed(2, "--requests");
}

#[test]
fn a_plan_of_capacity_is_made_from_costs_that_can_be_kept() {
    if !has_device() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let costs = folder.path().join("costs.json");
    let costs = costs.to_str().expect("a name in UTF-8");
    let plan = |arguments: &[&str]| {
        let common =
            ["bench", "capacity", "--model", &tiny_model(), "--prompt-tokens", "12", "--answer-tokens", "6", "--json"];
        wgslm(&[&common[..], arguments].concat()).json()
    };
    let measured = plan(&["--rate", "5,2000", "--duration", "2", "--repeat", "1", "--save-costs", costs]);
    let [calm, busy] = &measured["planned"].as_array().expect("a list")[..] else { panic!("{measured}") };
    for outcome in [calm, busy] {
        for key in ["answers_per_s", "tokens_per_s", "most_replicas", "replica_hours"] {
            assert!(positive(&outcome[key]), "{key} in {outcome}");
        }
        assert!(outcome["end_to_end_ms"]["p99"].as_f64() >= outcome["ttft_ms"]["p50"].as_f64(), "{outcome}");
        assert_eq!(outcome["cost"], Value::Null, "nobody gave a price");
    }
    assert!(busy["ttft_ms"]["p95"].as_f64() > calm["ttft_ms"]["p95"].as_f64(), "{measured}");
    assert!(busy["refused"].as_u64() > Some(0) && calm["refused"] == 0, "{measured}");
    // The same costs make the same plan, and replicas answer what one can't.
    let again = plan(&["--rate", "5,2000", "--duration", "2", "--costs", costs]);
    assert_eq!(again["planned"], measured["planned"]);
    let many = plan(&["--rate", "2000", "--duration", "2", "--costs", costs, "--replicas", "100", "--price", "3.6"]);
    assert_eq!(
        (many["planned"][0]["refused"].as_u64(), many["planned"][0]["most_replicas"].as_u64()),
        (Some(0), Some(100))
    );
    assert!(positive(&many["planned"][0]["cost"]), "{many}");
    let trace = folder.path().join("trace.jsonl");
    std::fs::write(&trace, "{\"at_s\": 0.01, \"prompt_tokens\": 9, \"cached_tokens\": 4, \"answer_tokens\": 3}\n")
        .expect("a file");
    let verified = wgslm(&[
        "bench",
        "capacity",
        "--model",
        &tiny_model(),
        "--trace",
        trace.to_str().expect("a name in UTF-8"),
        "--repeat",
        "1",
        "--verify",
        "--json",
    ]);
    // Whether one answer takes as long as predicted is for machines that do nothing else.
    let report: Value = serde_json::from_str(&verified.stdout).expect("a JSON object");
    let answers = |side: &str| report["verified"][0][side]["requests"].as_u64();
    assert_eq!((answers("predicted"), answers("seen")), (Some(1), Some(1)), "{report}");
}

#[test]
fn a_trace_that_cannot_be_read_is_named_with_its_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let trace = folder.path().join("trace.jsonl");
    std::fs::write(&trace, "{\"at_s\": 1, \"prompt_tokens\": 9}\n").expect("a file");
    let trace = trace.to_str().expect("a name in UTF-8");
    let message = "trace.jsonl: line 1: missing field `answer_tokens`";
    wgslm(&["bench", "capacity", "--model", &tiny_model(), "--trace", trace]).failed(1, message);
}
