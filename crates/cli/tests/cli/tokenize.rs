//! Tests of `wgslm tokenize`.

use std::fs;

use serde_json::{Value, json};
use wgslm_testing::{golden, smollm2_model};

use crate::program::{file_of, tiny_model, wgslm, wgslm_with};

#[test]
fn the_golden_rows_match() {
    let Some(model) = smollm2_model() else { return };
    let model = model.to_str().expect("its path is text");
    let golden: Value =
        serde_json::from_slice(&fs::read(golden("tokenize.json")).expect("the rows are there")).expect("JSON");
    let rows = golden["smollm2"].as_array().expect("rows");
    assert!(rows.len() > 50, "{} rows", rows.len());
    for row in rows {
        let text = row["text"].as_str().expect("text");
        // NUL can't be part of a program's argument.
        if text.contains('\0') {
            continue;
        }
        let no_special: &[&str] = if row["parse_special"] == true { &[] } else { &["--no-special"] };
        let arguments = [&["tokenize", "--model", model, "--json"], no_special, &["--", text]].concat();
        assert_eq!(wgslm(&arguments).json(), json!({ "ids": row["ids"] }), "{row}");
    }
}

#[test]
fn tokens_are_printed_as_generate_takes_them() {
    for (arguments, printed) in [
        (&["a<|x0|>b"][..], "97,258,98\n"),
        (&["--no-special", "<|eos|>"], "60,124,101,111,115,124,62\n"),
        (&["-x"], "45,120\n"),
        (&["--", "--json"], "45,45,106,115,111,110\n"),
        (&["--json", "a"], "{\"ids\":[97]}\n"),
        (&["--json", ""], "{\"ids\":[]}\n"),
        (&[""], "\n"),
    ] {
        let run = wgslm(&[&["tokenize", "--model", &tiny_model()], arguments].concat());
        assert_eq!(run.succeeded(), printed, "{arguments:?}");
    }
}

#[test]
fn a_missing_pre_tokenizer_is_warned_of_on_one_line() {
    const KEY: &[u8] = b"tokenizer.ggml.pre";
    let mut model = fs::read(tiny_model()).expect("the model is there");
    let place = model.windows(KEY.len()).position(|part| part == KEY).expect("it names a pre-tokenizer");
    model[place + KEY.len() - 1] = b'o';
    let model = file_of("no-pre-tokenizer.gguf", &model);
    let arguments = ["tokenize", "--model", &model, "ab"];
    let run = wgslm(&arguments);
    assert_eq!((run.status, run.stdout.as_str(), run.stderr.lines().count()), (Some(0), "97,98\n", 1), "{run:?}");
    assert!(run.stderr.contains("WARN") && run.stderr.contains("pre-tokenizer"), "{run:?}");
    assert_eq!(wgslm_with(&[("WGSLM_LOG", "error")], &arguments).succeeded(), "97,98\n");
}
