//! Tests of all-MiniLM-L6-v2, a real embedding model, from its Hugging Face folder.

use pollster::block_on;
use serde::Deserialize;
use wgslm::engine::EngineOptions;
use wgslm_testing::{golden, minilm_model};

use crate::adapters::adapters;
use crate::setup::load_files;

/// The largest cosine distance to the same arithmetic in float64, for f16 keys and values; f32 arithmetic stays below 1e-12.
const TOLERANCE: f64 = 1e-6;

/// The largest cosine distance to the model with exact GELU, which llama.cpp and wgslm approximate: 1e-6 is measured.
const EXACT_TOLERANCE: f64 = 1e-5;

/// A text with its tokens and embeddings, written by golden/minilm.py.
#[derive(Deserialize)]
struct GoldenRow {
    text: String,
    tokens: Vec<u32>,
    tanh: Vec<f32>,
    exact: Vec<f32>,
}

fn cosine_distance(a: &[f32], b: &[f32]) -> f64 {
    assert_eq!(a.len(), b.len());
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>();
    1.0 - dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}

#[test]
fn embeddings_of_minilm_are_the_reference() {
    let Some(folder) = minilm_model() else { return };
    let rows = std::fs::read(golden("minilm.json")).expect("the rows are readable");
    let rows: Vec<GoldenRow> = serde_json::from_slice(&rows).expect("they are JSON");
    for device in adapters() {
        let find = |name: &str| std::fs::read(folder.join(name)).ok();
        let engine =
            load_files(device, "config.json", (1 << 20, &EngineOptions::default()), find).expect("the folder loads");
        for GoldenRow { text, tokens, tanh, exact } in &rows {
            let (found, embedding) = block_on(engine.embed_text(text)).expect("the model runs");
            assert_eq!(found, *tokens, "{text:?}");
            let distances = (cosine_distance(&embedding, tanh), cosine_distance(&embedding, exact));
            assert!(distances.0 < TOLERANCE && distances.1 < EXACT_TOLERANCE, "{text:?}: {distances:?}");
            let length = embedding.iter().map(|value| value * value).sum::<f32>();
            assert!((length - 1.0).abs() < 1e-5, "{text:?}: a square of {length}");
        }
    }
}
