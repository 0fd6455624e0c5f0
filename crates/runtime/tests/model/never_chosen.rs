//! Tests that suppressed tokens and ids without a text are never chosen.

use serde_json::{Value, json};
use wgslm::Device;
use wgslm::engine::{EngineOptions, GenerateOptions};
use wgslm::formats::gguf::TensorType;
use wgslm_testing::model_files::{Files, hugging_face};

use crate::adapters::adapters;
use crate::setup::{generate, load_files};

/// Generates a greedy answer and a sampled one, and returns the tokens of both.
fn answers(device: &Device, files: &Files) -> Vec<u32> {
    let engine =
        load_files(device, "config.json", (1 << 20, &EngineOptions::default()), |name| files.get(name).cloned());
    let engine = engine.expect("it loads");
    let options = |temperature| GenerateOptions {
        max_tokens: Some(40),
        temperature,
        top_k: 30,
        ignore_stop: true,
        ..GenerateOptions::default()
    };
    let answers = [0.0, 5.0].map(|temperature| generate(&engine, &[3, 1, 4], options(temperature)).expect("it runs").0);
    answers.concat()
}

#[test]
fn suppressed_tokens_and_those_without_a_text_are_never_chosen() {
    let Some(device) = adapters().first() else { return };
    let mut files = hugging_face(TensorType::F32, 1);
    let chosen = answers(device, &files);
    let (suppressed, others): (Vec<u32>, Vec<u32>) = chosen.iter().partition(|token| **token % 2 == 0);
    assert!(!suppressed.is_empty() && !others.is_empty(), "{chosen:?}");

    let generation = json!({ "eos_token_id": [1, 2], "suppress_tokens": suppressed });
    files.insert("generation_config.json".to_owned(), generation.to_string().into_bytes());
    let found = answers(device, &files);
    assert!(found.iter().all(|token| !suppressed.contains(token)), "{found:?} without {suppressed:?}");

    // The model's vocabulary is larger than the tokenizer's.
    let mut files = hugging_face(TensorType::F32, 1);
    let mut tokenizer: Value = serde_json::from_slice(&files["tokenizer.json"]).expect("it is JSON");
    let vocabulary = tokenizer["model"]["vocab"].as_object_mut().expect("a vocabulary");
    vocabulary.retain(|_, id| id.as_u64().is_some_and(|id| id < 20));
    files.insert("tokenizer.json".to_owned(), tokenizer.to_string().into_bytes());
    let found = answers(device, &files);
    assert!(chosen.iter().any(|token| *token >= 20) && found.iter().all(|token| *token < 20), "{found:?}");
}
