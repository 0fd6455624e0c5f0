//! Tests of tiny models of every architecture against golden logits and embeddings.

use std::path::{Path, PathBuf};

use pollster::block_on;
use serde::Deserialize;
use wgslm::engine::{Activations, EngineOptions};
use wgslm::{Device, DeviceOptions};
use wgslm_testing::{golden, golden_roots, skipped};

use crate::setup::{adapters, engine_on, logits, normalised_error, npy, open};

/// The largest normalised error with f16 keys and values; f32 arithmetic alone stays below 1e-3.
const TOLERANCE: f64 = 1e-2;

/// The largest normalised error with 8-bit activations.
const INT8_TOLERANCE: f64 = 8e-2;

/// A model with the results that an oracle computed.
#[derive(Clone, Deserialize)]
struct Golden {
    model: String,
    architecture: String,
    tokens: Vec<u32>,
    logits: Option<String>,
    embedding: Option<String>,
    /// The context length to load the model with, if it matters.
    context: Option<u32>,
    #[serde(skip)]
    folder: PathBuf,
}

fn index(path: &Path) -> Vec<Golden> {
    let bytes = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut all: Vec<Golden> = serde_json::from_slice(&bytes).expect("the index is JSON");
    let folder = path.parent().expect("it lies in a folder");
    all.iter_mut().for_each(|golden| golden.folder = folder.to_owned());
    all
}

/// The repository's golden models and, if present, those of the shared golden data.
fn goldens() -> Vec<Golden> {
    let mut all = index(&golden("models/index.json"));
    let [_, shared] = golden_roots();
    let index_of_all = shared.join("index.json");
    if index_of_all.exists() {
        all.extend(index(&index_of_all).into_iter().filter(|golden| golden.model.starts_with("arch/")));
    } else {
        skipped("there is no golden data beside the repository; its own models are tested");
    }
    for name in ["index.json", "embeddings.json"] {
        if let Some(folder) = std::env::var_os("WGSLM_MORE_GOLDEN") {
            all.extend(index(&PathBuf::from(folder).join(name)));
        }
    }
    all
}

impl Golden {
    /// The normalised error of the device's result.
    fn error(&self, device: &Device, options: &EngineOptions) -> f64 {
        let options = EngineOptions { context_length: self.context, ..options.clone() };
        let engine = engine_on(device, &self.folder.join(&self.model), &options);
        let expected = |name: &str| npy(&self.folder.join(name));
        match (&self.logits, &self.embedding) {
            (Some(name), _) => normalised_error(&logits(&engine, &self.tokens), &expected(name)),
            (_, Some(name)) => {
                let mut expected = expected(name);
                let length = expected.iter().map(|value| value * value).sum::<f32>().sqrt();
                expected.iter_mut().for_each(|value| *value /= length);
                normalised_error(&block_on(engine.embed(&self.tokens)).expect("the model runs"), &expected)
            }
            _ => panic!("{} has neither logits nor an embedding", self.model),
        }
    }
}

/// Runs every model, and panics with the list of those whose error exceeds `tolerance`.
fn check(options: &DeviceOptions, engine_options: &EngineOptions, tolerance: f64) {
    let device = open(options);
    let mut failures = Vec::new();
    for golden in goldens() {
        let error = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| golden.error(&device, engine_options)));
        let error = error.unwrap_or(f64::INFINITY);
        if error.is_nan() || error >= tolerance {
            failures.push(format!("{} ({}): {error:.2e}", golden.model, golden.architecture));
        }
    }
    assert!(failures.is_empty(), "{:?}: {} models are off\n{}", options.device, failures.len(), failures.join("\n"));
}

#[test]
fn every_architecture_gives_the_golden_values_on_every_adapter() {
    for options in adapters() {
        for interleaved_rows in [false, true] {
            check(
                &DeviceOptions { interleaved_rows: Some(interleaved_rows), ..options.clone() },
                &EngineOptions::default(),
                TOLERANCE,
            );
        }
    }
}

#[test]
fn activations_of_8_bits_come_close_in_every_architecture() {
    let engine_options = EngineOptions { activations: Activations::Int8, ..EngineOptions::default() };
    for options in adapters() {
        for interleaved_rows in [false, true] {
            let options = DeviceOptions { interleaved_rows: Some(interleaved_rows), ..options.clone() };
            check(&options, &engine_options, INT8_TOLERANCE);
        }
    }
}

#[test]
fn a_token_at_a_time_gives_the_same_as_a_prompt() {
    let engine_options = EngineOptions { prefill_tokens: Some(1), ..EngineOptions::default() };
    for options in adapters().into_iter().take(1) {
        // Only contiguous rows of weights have kernels of their own for few tokens.
        check(&DeviceOptions { interleaved_rows: Some(false), ..options }, &engine_options, TOLERANCE);
    }
}

#[test]
fn layers_with_a_window_keep_only_that() {
    for options in adapters().into_iter().take(1) {
        let device = open(&options);
        for name in ["models/gemma2-caps.gguf", "models/lfm2-attention-first.gguf", "models/olmo2-window.gguf"] {
            let load = |rows| {
                engine_on(
                    &device,
                    &golden(name),
                    &EngineOptions { prefill_tokens: Some(rows), ..EngineOptions::default() },
                )
            };
            // A ring that holds a step as long as the context saves nothing, so the second model keeps everything.
            let (ring, whole) = (load(5), load(2048));
            assert!(ring.kv_bytes() < whole.kv_bytes() * 3 / 4, "{name}: {} of {}", ring.kv_bytes(), whole.kv_bytes());
            // Long enough that blocks of the ring are overwritten several times.
            let tokens: Vec<u32> = (0..250).map(|i| i * 37 % 60).collect();
            let error = normalised_error(&logits(&ring, &tokens), &logits(&whole, &tokens));
            assert!(error < 1e-3, "{name}: {error:.2e}");
        }
    }
}
