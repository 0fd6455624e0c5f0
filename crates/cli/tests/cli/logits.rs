//! Tests of `wgslm logits`.

use std::fs;

use serde_json::Value;
use wgslm_testing::golden;

use crate::program::{has_device, temporary, tiny_model, wgslm, wgslm_with};

/// The largest normalised error that f16 keys and values may cause.
const TOLERANCE: f64 = 1e-2;

/// Reads the header and the values of a .npy file.
pub(crate) fn npy(path: impl AsRef<std::path::Path>) -> (String, Vec<f32>) {
    let bytes = fs::read(path).expect("the file is there");
    assert_eq!(bytes[..8], *b"\x93NUMPY\x01\x00", "the magic and the version");
    let end = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let values = bytes[end..].chunks_exact(4).map(|value| f32::from_le_bytes([value[0], value[1], value[2], value[3]]));
    (String::from_utf8(bytes[10..end].to_vec()).expect("the header is text"), values.collect())
}

/// Runs `wgslm logits` on the tiny model's golden tokens and compares the result with the golden logits.
pub(crate) fn check_golden_logits(environment: &[(&str, &str)], name: &str) {
    let index: Value =
        serde_json::from_slice(&fs::read(golden("index.json")).expect("the index is there")).expect("JSON");
    let entries = index.as_array().expect("a list");
    let entry = entries.iter().find(|entry| entry["model"] == "arch/tiny-llama-q8_0.gguf").expect("it is listed");
    let tokens: Vec<String> = entry["tokens"].as_array().expect("tokens").iter().map(Value::to_string).collect();
    let output = temporary(name);
    let arguments = ["logits", "--model", &tiny_model(), "--tokens", &tokens.join(","), "--output", &output];
    assert_eq!(wgslm_with(environment, &arguments).succeeded(), "");

    let (header, values) = npy(&output);
    let shape = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}, 320, ), }}", tokens.len());
    assert_eq!(header.trim_end(), shape);
    let (_, expected) = npy(golden(entry["logits"].as_str().expect("a path")));
    assert_eq!(values.len(), expected.len());
    let errors = values.iter().zip(&expected).map(|(value, expected)| f64::from(value - expected).powi(2));
    let error = (errors.sum::<f64>() / expected.len() as f64).sqrt() / entry["logit_std"].as_f64().expect("a number");
    assert!(error < TOLERANCE, "a normalised error of {error:.2e} under {environment:?}");
}

#[test]
fn the_file_holds_the_golden_logits() {
    if has_device() {
        check_golden_logits(&[], "golden.npy");
    }
}

#[test]
fn a_failure_leaves_the_file_that_was_there_alone() {
    if !has_device() {
        return;
    }
    let output = temporary("kept.npy");
    fs::write(&output, "kept").expect("the folder is writable");
    let logits = |tokens, output| wgslm(&["logits", "--model", &tiny_model(), "--tokens", tokens, "--output", output]);
    logits("1,999", &output).failed(1, "token 999 is not in the vocabulary");
    assert_eq!(fs::read(&output).expect("it is still there"), b"kept");
    let nowhere = temporary("no such folder/out.npy");
    logits("1", &nowhere).failed(1, &nowhere);
}
