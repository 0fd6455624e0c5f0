//! Tests of `wgslm quantize`, `--quantize` and `wgslm perplexity`.

use std::fs;

use serde_json::{Value, json};
use wgslm_testing::golden;

use crate::program::{Run, file_of, has_device, temporary, text_of, tiny_model, wgslm, wgslm_with};

fn f16_model() -> String {
    text_of(golden("quant/tiny-llama-f16.gguf"))
}

/// The tensor types of a file, by tensor name.
fn types(file: &str) -> Value {
    let report = wgslm(&["inspect", "--json", file]).json();
    let tensors = report["tensors"].as_array().expect("a list");
    tensors.iter().map(|tensor| (tensor["name"].as_str().expect("a name").to_owned(), tensor["type"].clone())).collect()
}

#[test]
fn a_file_is_written_under_a_policy() {
    let policy = r#"{"rules": [{"pattern": "*.ffn_*", "kind": "q4"}, {"pattern": "token_embd.*", "kind": "keep"}], "default": "q8"}"#;
    let policy = file_of("policy.json", policy.as_bytes());
    let output = temporary("quantized.gguf");
    let run = |policy: &str| wgslm(&["quantize", &f16_model(), &output, "--policy", policy]);
    assert_eq!(run(&policy).succeeded(), "");
    let types_found = types(&output);
    for (tensor, kind) in [
        ("blk.0.ffn_up.weight", "Q4_0"),
        ("blk.0.attn_q.weight", "Q8_0"),
        ("token_embd.weight", "F16"),
        ("blk.0.ffn_norm.weight", "F32"),
    ] {
        assert_eq!(types_found[tensor], kind, "{tensor}");
    }
    assert!(!fs::exists(format!("{output}.partial")).expect("the folder is readable"), "nothing is left over");
    // Tensors of any type can be converted back to floats.
    assert_eq!(wgslm(&["quantize", &tiny_model(), &output, "--policy", "f16"]).succeeded(), "");
    assert_eq!(types(&output)["output.weight"], "F16");
    assert_eq!(wgslm(&["inspect", "--json", &output]).json()["metadata"]["general.file_type"], 1);
}

#[test]
fn a_failure_leaves_the_file_that_was_there() {
    let output = file_of("kept.gguf", b"kept");
    let whole = fs::read(f16_model()).expect("the model is there");
    let cut = file_of("cut.gguf", &whole[..whole.len() - 5000]);
    let run = |input: &str, policy: &str| wgslm(&["quantize", input, &output, "--policy", policy]);
    run(&temporary("no such file.gguf"), "q8").failed(1, "no such file.gguf");
    run(&file_of("text-only.gguf", b"not a model"), "q8").failed(1, "not a GGUF file");
    run(&cut, "q8").failed(1, "is cut short");
    run(&f16_model(), "nf4").failed(1, "GGUF has no type for nf4; write q4");
    run(&f16_model(), "mixed-dq").failed(1, "GGUF has no type for doubly quantised scales");
    run(&tiny_model(), "q4").failed(1, "they are Q8_0 already");
    run(&f16_model(), "q5").failed(2, "q8, q4, nf4, mixed (each also with -dq)");
    run(&f16_model(), "no such policy.json").failed(2, "no such policy.json");
    run(&f16_model(), &file_of("broken.json", b"{")).failed(2, "its JSON");
    assert_eq!(fs::read(&output).expect("it is still there"), b"kept");
    assert!(!fs::exists(format!("{output}.partial")).expect("the folder is readable"), "nothing is left over");
    let own = file_of("own.gguf", &whole);
    wgslm(&["quantize", &own, &own, "--policy", "q8"]).failed(1, "is both the input and the output");
    let nowhere = temporary("no such folder/out.gguf");
    wgslm(&["quantize", &own, &nowhere, "--policy", "q8"]).failed(1, &nowhere);
}

/// A text of 300 bytes, which are 300 tokens of the tiny model.
fn text() -> String {
    file_of("text.txt", "a b c d e f g h i j ".repeat(15).as_bytes())
}

fn perplexity(model: &str, arguments: &[&str]) -> Run {
    wgslm(&[&["perplexity", "--model", model, "--text", &text()], arguments].concat())
}

#[test]
fn the_perplexity_of_a_text_is_that_of_the_second_halves_of_its_windows() {
    if !has_device() {
        return;
    }
    let report = perplexity(&f16_model(), &["--context", "64", "--windows", "2", "--json"]).json();
    let tokens = report["text_tokens"].as_u64().expect("a number");
    assert!(tokens >= 128, "{report}");
    let counts = json!([2, 64, 2 * 31]);
    assert_eq!(json!([report["windows"], report["context"], report["tokens_scored"]]), counts);
    let number = |key: &str| report[key].as_f64().expect("a number");
    assert!((number("perplexity") - number("nll").exp()).abs() < 1e-9 * number("perplexity"), "{report}");
    assert!(number("perplexity") > 1.0 && number("tokens_per_s") > 0.0 && number("standard_error") > 0.0, "{report}");

    // Quantised weights take less memory and predict nearly as well.
    let q8 = perplexity(&f16_model(), &["--context", "64", "--windows", "2", "--json", "--quantize", "q8-dq"]).json();
    assert!(q8["weight_bytes"].as_u64() < report["weight_bytes"].as_u64(), "{q8}");
    let change = q8["nll"].as_f64().expect("a number") - number("nll");
    assert!(change != 0.0 && change.abs() < 0.05, "{change}");

    // So they do with rounded activations, which have to be asked for.
    let of_q8 = ["--context", "64", "--windows", "2", "--json", "--quantize", "q8-dq", "--activations"];
    let [auto, rounded] = ["auto", "int8"].map(|kind| {
        let report = perplexity(&f16_model(), &[&of_q8[..], &[kind]].concat()).json();
        report["nll"].as_f64().expect("a number")
    });
    assert_eq!(Some(auto), q8["nll"].as_f64());
    assert!(rounded != auto && (rounded - auto).abs() < 0.05, "{rounded} and {auto}");

    let said = perplexity(&f16_model(), &["--context", "64", "--windows", "1"]).succeeded();
    assert!(said.contains("perplexity     ") && said.contains("tokens scored  31, in 1 windows of 64"), "{said}");
    perplexity(&f16_model(), &["--context", "1000"]).failed(1, "fewer than a window's 1000; choose a longer text");
    perplexity(&f16_model(), &["--context", "2"]).failed(2, "--context <TOKENS>");
    perplexity(&temporary("no such file.gguf"), &[]).failed(1, "no such file.gguf");
}

#[test]
fn every_command_that_loads_a_model_quantizes_it() {
    if !has_device() {
        return;
    }
    let f16 = f16_model();
    let generate = ["generate", "--model", &f16, "--tokens", "1,2", "--max-tokens", "2"];
    wgslm(&[&generate[..], &["--quantize", "nf4"]].concat()).succeeded();
    wgslm(&[&generate[..], &["--quantize", "q6"]].concat()).failed(2, "q8, q4, nf4, mixed");
    let quantised = ["generate", "--model", &tiny_model(), "--tokens", "1", "--quantize", "q4"];
    wgslm(&quantised).failed(1, "they are Q8_0 already; run it as it is");
    // The variable acts like the option, and has no effect if empty.
    wgslm_with(&[("WGSLM_QUANTIZE", "q4")], &quantised[..5]).failed(1, "they are Q8_0 already");
    wgslm_with(&[("WGSLM_QUANTIZE", "")], &[&generate[..], &["--json"]].concat()).json();
    let sizes = ["--prompt-tokens", "4", "--gen-tokens", "2", "--repeat", "1", "--json"];
    let bytes = |arguments: &[&str]| {
        let report = wgslm(&[&["bench", "--model", &f16], &sizes[..], arguments].concat()).json();
        report["memory"]["weight_bytes"].as_u64().expect("a number")
    };
    assert!(bytes(&["--quantize", "q4"]) * 3 < bytes(&[]));
}
