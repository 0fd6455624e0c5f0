//! Tests of the formats of the KV cache: logits differ little with keys and values of 8 bits.

use wgslm::engine::{Engine, EngineOptions, GenerateOptions, KvFormat};

use wgslm_testing::smollm2_model;

use crate::adapters::{adapters, laid_out};
use crate::golden::named;
use crate::setup::{argmax, engine, generate, logits, normalised_error};

/// Golden models whose layers differ in what they do with keys and values: both ropes, norms of keys, windows, soft caps, sinks,
/// convolutions between them, and heads of several widths. Scores that are as far apart as those of a few others, which are
/// random too, multiply any rounding of keys.
const MODELS: [&str; 7] = ["llama", "qwen2", "gemma2-caps", "gemma3", "phi3-partial-rotary", "gpt-oss", "lfm2"];

/// The largest normalised error against keys and values in f16.
const TOLERANCE: f64 = 1e-2;

const ROWS: usize = 4;

/// The logits of the last rows.
fn last_rows(engine: &Engine, tokens: &[u32]) -> Vec<f32> {
    let all = logits(engine, tokens);
    all[all.len() / tokens.len() * (tokens.len() - ROWS)..].to_vec()
}

#[test]
fn keys_and_values_of_8_bits_come_close_to_halves() {
    let Some(device) = adapters().first() else { return };
    // The kernels for many tokens and those for few, with contiguous rows of weights and interleaved ones.
    for (interleaved_rows, prefill_tokens) in [(false, None), (false, Some(1)), (false, Some(7)), (true, None)] {
        let device = laid_out(device, interleaved_rows);
        for name in MODELS {
            let golden = named(name);
            let rows = |format| {
                let options = EngineOptions { kv_format: Some(format), prefill_tokens, ..EngineOptions::default() };
                last_rows(&engine(&device, &golden.path(), &options), &golden.tokens)
            };
            let error = normalised_error(&rows(KvFormat::Q8), &rows(KvFormat::F16));
            assert!(error > 0.0 && error < TOLERANCE, "{name}, {prefill_tokens:?} tokens a chunk: {error:.2e}");
        }
    }
}

#[test]
fn logits_of_a_real_model_differ_as_little() {
    let (Some(device), Some(path)) = (adapters().first(), smollm2_model()) else { return };
    let text = "The capital of France is Paris, that of Italy is Rome, and the capital of Germany is a city called";
    let rows = |format| {
        let context_length = Some(128);
        let options = EngineOptions { kv_format: Some(format), context_length, ..EngineOptions::default() };
        let engine = engine(device, &path, &options);
        let tokens = engine.model().tokenizer().and_then(|tokenizer| Ok(tokenizer.encode_prompt(text)?));
        last_rows(&engine, &tokens.expect("it is text"))
    };
    let error = normalised_error(&rows(KvFormat::Q8), &rows(KvFormat::F16));
    assert!(error < TOLERANCE, "{error:.2e}");
}

#[test]
fn decode_writes_the_keys_and_values_that_a_prompt_does() {
    let Some(device) = adapters().first() else { return };
    for interleaved_rows in [false, true] {
        let device = laid_out(device, interleaved_rows);
        let golden = named("tiny-llama-q8_0");
        let options = EngineOptions { kv_format: Some(KvFormat::Q8), ..EngineOptions::default() };
        let engine = engine(&device, &golden.path(), &options);
        let options = GenerateOptions { max_tokens: Some(24), ..GenerateOptions::default() };
        let (answer, _, _) = generate(&engine, &golden.tokens, options).expect("the model runs");
        let all = logits(&engine, &[&golden.tokens[..], &answer].concat());
        let vocabulary = engine.model().spec.vocabulary as usize;
        let of_prompt = all.chunks_exact(vocabulary).skip(golden.tokens.len() - 1).map(argmax);
        assert!(of_prompt.zip(&answer).all(|(expected, token)| expected == *token), "{answer:?}");
    }
}
