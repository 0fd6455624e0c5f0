//! Tests of `wgslm embed` and `wgslm rerank`.

use std::fs;

use serde_json::Value;
use wgslm_testing::golden;

use crate::logits::npy;
use crate::program::{Run, file_of, has_device, json_lines, text_of, tiny_model, wgslm};

fn embed(arguments: &[&str]) -> Run {
    let model = text_of(golden("models/bert-mean.gguf"));
    wgslm(&[&["embed", "--model", &model], arguments].concat())
}

/// The model's golden text, its tokens, and its embedding of length 1.
fn golden_row() -> (String, Value, Vec<f32>) {
    let index = fs::read(golden("models/index.json")).expect("the index is there");
    let index: Value = serde_json::from_slice(&index).expect("JSON");
    let rows = index.as_array().expect("a list");
    let row = rows.iter().find(|row| row["model"] == "bert-mean.gguf").expect("it is listed");
    let (_, mut values) = npy(golden("models/bert-mean.embedding.npy"));
    let length = values.iter().map(|value| value * value).sum::<f32>().sqrt();
    values.iter_mut().for_each(|value| *value /= length);
    (row["text"].as_str().expect("text").to_owned(), row["tokens"].clone(), values)
}

fn values(line: &str) -> Vec<f32> {
    line.split(' ').map(|value| value.parse().expect("a number")).collect()
}

#[test]
fn a_text_has_its_golden_tokens_and_vector() {
    if !has_device() {
        return;
    }
    let (text, tokens, expected) = golden_row();
    let report = embed(&["--json", &text]).json();
    assert_eq!(report["tokens"], tokens, "[CLS] and [SEP] among them");
    let found: Vec<f32> = serde_json::from_value(report["values"].clone()).expect("numbers");
    assert_eq!(found.len(), expected.len());
    let similarity: f32 = found.iter().zip(&expected).map(|(a, b)| a * b).sum();
    assert!((similarity - 1.0).abs() < 1e-4, "a cosine of {similarity}");
    assert_eq!(values(embed(&["--", &text]).succeeded().trim_end()), found);
}

#[test]
fn every_text_and_every_line_of_a_file_has_its_vector() {
    if !has_device() {
        return;
    }
    let given = embed(&["the fox", "", "--", "--dog"]).succeeded();
    let lines: Vec<_> = given.lines().map(values).collect();
    assert_eq!(lines.len(), 3);
    assert!(lines[0] != lines[1] && lines[1] != lines[2] && lines[0] != lines[2]);
    let file = file_of("texts.txt", b"the fox\r\n\n--dog\n");
    assert_eq!(embed(&["--file", &file]).succeeded(), given);
    assert_eq!(embed(&["--file", &file, "--json"]).succeeded().lines().count(), 3);
}

#[test]
fn what_cannot_be_embedded_is_told() {
    embed(&["--file", "no such file.txt"]).failed(1, "no such file.txt");
    embed(&["--file", &file_of("latin-1.txt", b"\xe9")]).failed(1, "latin-1.txt: stream did not contain valid UTF-8");
    if !has_device() {
        return;
    }
    let long = "fox ".repeat(100);
    let file = file_of("long.txt", long.as_bytes());
    embed(&["--file", &file]).failed(1, "text 1: the prompt has ");
    wgslm(&["embed", "--model", &tiny_model(), "a"]).failed(1, "text 1: this llama model generates text");
}

#[test]
fn documents_are_printed_with_their_scores_the_best_first() {
    if !has_device() {
        return;
    }
    let model = text_of(golden("models/bert-rank.gguf"));
    let rerank =
        |arguments: &[&str]| wgslm(&[&["rerank", "--model", &model, "--query", "the fox"], arguments].concat());
    let documents = ["a dog", "the quick fox", "2 lazy dogs"];
    let output = rerank(&[&["--json"], &documents[..]].concat()).succeeded();
    let ranked = json_lines(&output);
    assert_eq!(ranked.len(), 3);
    assert!(ranked.is_sorted_by(|a, b| a["score"].as_f64() >= b["score"].as_f64()), "{output}");
    for report in &ranked {
        assert_eq!(report["document"], documents[report["index"].as_u64().expect("a place") as usize]);
    }
    let best = rerank(&[&["--top", "1"], &documents[..]].concat()).succeeded();
    let (score, document) = best.trim_end().split_once('\t').expect("two columns");
    assert_eq!(document, ranked[0]["document"]);
    let score: f64 = score.parse().expect("a number");
    assert!((score - ranked[0]["score"].as_f64().expect("a number")).abs() < 1e-4, "{best} instead of {output}");
}
