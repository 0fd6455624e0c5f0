//! Tests of `wgslm generate`.

use std::collections::BTreeSet;
use std::io::Read as _;
use std::process::Stdio;

use serde_json::{Value, json};
use wgslm_testing::smollm2_model;

use crate::program::{command, generate, has_device, tiny_model, usual_device, wgslm};

/// A temperature at which all tokens are equally likely, so that the seed decides and not an adapter's rounding.
const DRAWN: [&str; 2] = ["--temperature", "1000000"];

/// Generates with seed 0, whose 44th token is EOS, and returns the JSON output.
fn drawn(arguments: &[&str]) -> Value {
    generate(&[&DRAWN, arguments, &["--json"]].concat()).json()
}

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().expect("an object").keys().map(String::as_str).collect()
}

#[test]
fn the_report_has_the_promised_keys_and_types() {
    let Some(usual_device) = usual_device() else { return };
    let report = drawn(&["--max-tokens", "9"]);
    let promised = ["prompt_tokens", "tokens", "text", "finish_reason", "timings", "adapter"];
    assert_eq!(keys(&report), BTreeSet::from(promised));
    assert_eq!(report["prompt_tokens"], json!([1, 2]));
    let tokens = report["tokens"].as_array().expect("a list");
    assert_eq!(tokens.len(), 9);
    assert!(tokens.iter().all(|token| token.as_u64().is_some_and(|token| token < 320)), "{tokens:?}");
    assert!(!report["text"].as_str().expect("text").is_empty());
    assert_eq!(report["finish_reason"], "length");
    assert_eq!(report["adapter"], *usual_device);
    let timings = ["load_ms", "ttft_ms", "prefill_tokens_per_s", "decode_tokens_per_s"];
    assert_eq!(keys(&report["timings"]), BTreeSet::from(timings));
    for timing in timings {
        assert!(report["timings"][timing].as_f64().is_some_and(|value| value > 0.0), "{timing}: {report}");
    }
}

#[test]
fn every_end_has_its_reason() {
    if !has_device() {
        return;
    }
    for (arguments, reason, count) in [
        (&["--max-tokens", "3"][..], "length", 3),
        (&["--max-tokens", "0"], "length", 0),
        (&["--context", "7"], "context", 5),
        (&["--context", "2"], "context", 0),
        (&["--context", "7", "--max-tokens", "5"], "length", 5),
        (&["--max-tokens", "60"], "stop", 44),
    ] {
        let report = drawn(arguments);
        let tokens = report["tokens"].as_array().expect("a list");
        assert_eq!((&report["finish_reason"], tokens.len()), (&json!(reason), count), "{arguments:?}: {report}");
        let stop_tokens = tokens.iter().filter(|token| **token == 257).count();
        assert_eq!(stop_tokens, usize::from(reason == "stop"), "the stop token is among the tokens, once");
        assert_eq!(tokens.last() == Some(&json!(257)), reason == "stop");
        assert!(!report["text"].as_str().expect("text").contains("<|"), "and not in the text: {report}");
    }
}

#[test]
fn stop_strings_end_the_text_before_them() {
    if !has_device() {
        return;
    }
    let text = |report: &Value| report["text"].as_str().expect("text").to_owned();
    let whole = text(&drawn(&["--max-tokens", "30"]));
    let stop: String = whole.chars().skip(8).take(3).collect();
    let report = drawn(&["--max-tokens", "30", "--stop", "no such text", "--stop", &stop]);
    assert_eq!(report["finish_reason"], "stop");
    assert_eq!(text(&report), whole[..whole.find(&stop).expect("it was taken from there")]);
}

#[test]
fn the_seed_and_the_temperature_decide_the_tokens() {
    if !has_device() {
        return;
    }
    let run = |arguments: &[&str]| generate(&[arguments, &["--max-tokens", "12", "--json"]].concat()).json();
    let tokens = |arguments: &[&str]| run(arguments)["tokens"].clone();
    let seed_7 = tokens(&["--temperature", "2.5", "--seed", "7"]);
    assert_eq!(tokens(&["--temperature", "2.5", "--seed", "7", "--tokens-in-flight", "1"]), seed_7);
    assert_ne!(tokens(&["--temperature", "2.5", "--seed", "18446744073709551615"]), seed_7);
    let greedy = tokens(&[]);
    assert_eq!(tokens(&["--temperature", "0", "--seed", "7"]), greedy);
    assert_ne!(greedy, seed_7);
    for narrow in [["--top-k", "1"], ["--top-p", "0.000001"], ["--top-p", "0"], ["--min-p", "1"]] {
        let options = ["--temperature", "2.5", "--seed", "7"];
        assert_eq!(tokens(&[&options[..], &narrow].concat()), greedy, "{narrow:?}");
        assert_eq!(tokens(&narrow), greedy, "{narrow:?} at temperature 0");
    }
}

#[test]
fn biases_and_penalties_change_the_most_likely_tokens_and_logprobs_tell_of_them() {
    if !has_device() {
        return;
    }
    let run = |arguments: &[&str]| {
        generate(&[arguments, &["--max-tokens", "12", "--json", "--logprobs", "2"]].concat()).json()
    };
    let tokens = |report: &Value| -> Vec<u64> {
        let tokens = report["tokens"].as_array().expect("tokens").iter();
        tokens.map(|token| token.as_u64().expect("an id")).collect()
    };
    let greedy = run(&[]);
    let likeliest = tokens(&greedy)[0];
    for (report, chosen) in [
        (&greedy, likeliest),
        (&run(&["--logit-bias", "7=1000"]), 7),
        (&run(&["--logit-bias", "7=1000", "--suppress-tokens", "7"]), likeliest),
    ] {
        assert!(tokens(report)[0] == chosen && !tokens(report).is_empty(), "{report}");
        for (token, logprob) in tokens(report).iter().zip(report["logprobs"].as_array().expect("as many")) {
            let top = logprob["top_logprobs"].as_array().expect("the likeliest");
            assert_eq!((&logprob["token"], top.len()), (&json!(token), 2));
            let [own, first, second] = [logprob, &top[0], &top[1]].map(|of| of["logprob"].as_f64().expect("a number"));
            assert!(own <= first && second <= first && first <= 0.0, "{logprob}");
        }
    }
    let repeated = |tokens: &[u64]| tokens.len() - tokens.iter().collect::<std::collections::BTreeSet<_>>().len();
    for penalty in [["--presence-penalty", "100"], ["--repeat-penalty", "100"], ["--frequency-penalty", "100"]] {
        let penalised = tokens(&run(&penalty));
        assert!(repeated(&tokens(&greedy)) > repeated(&penalised), "{penalty:?}: {penalised:?}");
    }
    assert!(generate(&["--max-tokens", "1", "--json"]).json().get("logprobs").is_none(), "unless asked for");
}

#[test]
fn minus_1_is_any_seed_and_no_limit() {
    if !has_device() {
        return;
    }
    let any = || drawn(&["--seed", "-1", "--max-tokens", "12"])["tokens"].clone();
    // Two seeds are unlikely to agree on twelve draws among 320 tokens.
    assert_ne!(any(), any());
    let whole = &drawn(&["--context", "9", "--max-tokens", "-1"]);
    assert_eq!((whole["tokens"].as_array().map(Vec::len), &whole["finish_reason"]), (Some(7), &json!("context")));
}

#[test]
fn the_room_for_requests_changes_no_answer() {
    if !has_device() {
        return;
    }
    let tokens = |options: &[&str]| drawn(&[options, &["--max-tokens", "6"]].concat())["tokens"].clone();
    let expected = tokens(&[]);
    for options in [&["--slots", "1"][..], &["--kv-tokens", "5000"], &["--no-prefix-cache"]] {
        assert_eq!(tokens(options), expected, "{options:?}");
    }
}

#[test]
fn tokens_may_have_spaces_between_them() {
    if !has_device() {
        return;
    }
    let arguments = ["generate", "--model", &tiny_model(), "--tokens", " 1, 2 ,3", "--max-tokens", "0", "--json"];
    assert_eq!(wgslm(&arguments).json()["prompt_tokens"], json!([1, 2, 3]));
}

#[test]
fn the_stream_is_the_text_and_nothing_else() {
    if !has_device() {
        return;
    }
    let options = [&DRAWN[..], &["--max-tokens", "20"]].concat();
    let report = generate(&[&options[..], &["--json"]].concat()).json();
    let streamed = generate(&options).succeeded();
    assert_eq!(streamed, format!("{}\n", report["text"].as_str().expect("text")));
}

#[test]
fn text_comes_while_more_is_generated_and_a_reader_may_leave() {
    if !has_device() {
        return;
    }
    let mut child = command(&["generate", "--model", &tiny_model(), "--tokens", "1", "--seed", "1"])
        .args(DRAWN)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut stdout = child.stdout.take().expect("it is piped");
    stdout.read_exact(&mut [0]).expect("some text comes");
    assert!(child.try_wait().expect("the program can be asked").is_none(), "the first text came only at the end");
    drop(stdout);
    let output = child.wait_with_output().expect("the program ends");
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(0), ""));
}

#[test]
fn a_prompt_becomes_tokens_with_its_special_tokens_and_without_a_bos_that_is_not_asked_for() {
    if !has_device() {
        return;
    }
    for (prompt, tokens) in [
        ("Hé", json!([72, 195, 169])),
        ("a<|x0|>b<|eos|>", json!([97, 258, 98, 257])),
        ("<|bos|>a", json!([256, 97])),
        ("-1", json!([45, 49])),
        ("--json", json!([45, 45, 106, 115, 111, 110])),
    ] {
        let arguments = ["generate", "--model", &tiny_model(), "--prompt", prompt, "--max-tokens", "0", "--json"];
        assert_eq!(wgslm(&arguments).json()["prompt_tokens"], tokens, "{prompt}");
    }
}

#[test]
fn chat_puts_the_prompt_through_the_template() {
    let (true, Some(model)) = (has_device(), smollm2_model()) else { return };
    let model = model.to_str().expect("its path is text");
    let chat = "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n\
                <|im_start|>user\nHello, world!<|im_end|>\n<|im_start|>assistant\n";
    let expected = wgslm(&["tokenize", "--model", model, "--json", chat]).json()["ids"].clone();
    let options = ["--chat", "--max-tokens", "0", "--context", "64", "--json"];
    let arguments = [&["generate", "--model", model, "--prompt", "Hello, world!"], &options[..]].concat();
    assert_eq!(wgslm(&arguments).json()["prompt_tokens"], expected);
}

#[test]
fn what_cannot_be_generated_is_refused() {
    if !has_device() {
        return;
    }
    let model = tiny_model();
    for (arguments, message) in [
        (&["--prompt", "a", "--chat"][..], "give it a text to continue"),
        (&["--prompt", ""], "the prompt is empty"),
        (&["--tokens", "1,320"], "token 320 is not in the vocabulary of 320 tokens"),
        (&["--tokens", "1,2,3", "--context", "2"], "the prompt has 3 tokens and the context holds 2"),
        (&["--tokens", "1", "--slots", "0"], "from 1 to 1024"),
        (&["--tokens", "1", "--context", "20", "--kv-tokens", "19"], "the cache has to hold one full context"),
        (&["--tokens", "1", "--context", "0"], "from 1 to 2048"),
        (&["--tokens", "1", "--context", "2049"], "from 1 to 2048"),
    ] {
        wgslm(&[&["generate", "--model", &model], arguments].concat()).failed(1, message);
    }
}

#[test]
fn drafts_are_counted_and_change_nothing() {
    if !has_device() {
        return;
    }
    let model = tiny_model();
    let tokens = "1,2,3,4,5,6,7,8,1,2,3,4,5,6,7,8";
    let asked = ["generate", "--model", &model, "--tokens", tokens, "--max-tokens", "40", "--json"];
    let plain = wgslm(&asked).json();
    for source in [&["--lookup"][..], &["--draft", &model]] {
        let report = wgslm(&[&asked[..], source].concat()).json();
        assert_eq!(report["tokens"], plain["tokens"], "{source:?}");
        let [tried, accepted] = ["tried", "accepted"].map(|count| report["drafts"][count].as_u64().expect("a count"));
        assert!(accepted <= tried && (tried > 0 || source[0] == "--lookup"), "{report}");
    }
    assert_eq!(plain.get("drafts"), None);
}
