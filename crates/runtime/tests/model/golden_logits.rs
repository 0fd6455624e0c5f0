//! Tests of tiny models of every tensor type against golden logits.

use serde::Deserialize;
use wgslm::engine::BlockOrder;
use wgslm::engine::{Activations, EngineOptions, GenerateOptions};
use wgslm::{Device, DeviceOptions};
use wgslm_testing::{golden, golden_roots, skipped};

use crate::setup::{adapters, argmax, configurations, engine_on, generate, logits, normalised_error, npy, open};

/// The largest normalised error with f16 keys and values; f32 arithmetic alone stays below 1e-3.
const TOLERANCE: f64 = 1e-2;

/// The largest normalised error with 8-bit activations.
const INT8_TOLERANCE: f64 = 8e-2;

const MODELS: [&str; 2] = ["arch/tiny-llama-q8_0.gguf", "arch/tiny-llama-linear-rope-q8_0.gguf"];

/// The tensor types with a model in `quant`: some in the repository, the others, 7 MB, in the shared golden data only.
const TYPES: [&str; 24] = [
    "f16", "bf16", "q4_0", "q4_1", "q5_0", "q5_1", "q8_0", "q2_k", "q3_k_s", "q4_k_s", "q5_k_s", "q6_k", "iq1_s",
    "iq1_m", "iq2_xxs", "iq2_xs", "iq2_s", "iq3_xxs", "iq3_s", "iq4_nl", "iq4_xs", "mxfp4", "tq1_0", "tq2_0",
];

#[derive(Deserialize)]
struct GoldenModel {
    model: String,
    tokens: Vec<u32>,
    logits: String,
}

/// The models of these tests that are present; the missing ones are reported as skipped.
fn models() -> Vec<String> {
    let mut models: Vec<String> = MODELS.map(str::to_owned).to_vec();
    models.extend(TYPES.map(|name| format!("quant/tiny-llama-{name}.gguf")));
    let (here, missing): (Vec<_>, Vec<_>) =
        models.into_iter().partition(|name| golden_roots().iter().any(|root| root.join(name).exists()));
    if !missing.is_empty() {
        skipped(&format!("there is no golden data for {}", missing.join(", ")));
    }
    here
}

fn golden_model(name: &str) -> GoldenModel {
    let index = std::fs::read(golden("index.json")).expect("the index is readable");
    let models: Vec<GoldenModel> = serde_json::from_slice(&index).expect("the index is JSON");
    models.into_iter().find(|model| model.model == name).unwrap_or_else(|| panic!("{name} is not in the index"))
}

/// The adapters, each with contiguous and with interleaved rows of weights, which have kernels of their own.
fn both_ways() -> impl Iterator<Item = DeviceOptions> {
    let rows = |options: DeviceOptions| {
        [false, true].map(|rows| DeviceOptions { interleaved_rows: Some(rows), ..options.clone() })
    };
    adapters().into_iter().flat_map(rows)
}

/// The normalised error of a model's logits.
fn error_of(name: &str, device: &Device, engine_options: &EngineOptions) -> f64 {
    let expected = golden_model(name);
    let engine = engine_on(device, &golden(name), engine_options);
    normalised_error(&logits(&engine, &expected.tokens), &npy(&golden(&expected.logits)))
}

fn check(name: &str, place: &str, device: &Device, engine_options: &EngineOptions) {
    let error = error_of(name, device, engine_options);
    assert!(error < TOLERANCE, "{name} on {place}: a normalised error of {error:.2e}");
}

#[test]
fn every_weight_type_gives_the_golden_logits_on_every_adapter() {
    for options in both_ways() {
        let place = format!("adapter {:?}, interleaved {:?}", options.device, options.interleaved_rows);
        let device = open(&options);
        for name in models() {
            check(&name, &place, &device, &EngineOptions::default());
        }
    }
}

#[test]
fn every_way_of_using_a_device_gives_the_golden_logits() {
    for (place, options) in configurations() {
        let device = open(&options);
        for name in ["arch/tiny-llama-q8_0.gguf", "quant/tiny-llama-q4_1.gguf"] {
            check(name, &place, &device, &EngineOptions::default());
        }
    }
}

#[test]
fn prompts_in_chunks_of_any_size_give_the_golden_logits() {
    for options in adapters().into_iter().take(1) {
        let device = open(&options);
        for rows in [1, 7, 16, 47] {
            let engine_options = EngineOptions { prefill_tokens: Some(rows), ..EngineOptions::default() };
            check(MODELS[0], &format!("chunks of {rows}"), &device, &engine_options);
        }
    }
}

#[test]
fn a_shuffled_block_table_gives_the_same_logits() {
    for options in adapters() {
        let device = open(&options);
        let tokens = golden_model(MODELS[0]).tokens;
        let in_order = logits(&engine_on(&device, &golden(MODELS[0]), &EngineOptions::default()), &tokens);
        for seed in [1, 2] {
            let shuffled = EngineOptions {
                block_order: BlockOrder::Shuffled(seed),
                context_length: Some(500),
                ..Default::default()
            };
            assert_eq!(logits(&engine_on(&device, &golden(MODELS[0]), &shuffled), &tokens), in_order);
        }
    }
}

#[test]
fn activations_of_8_bits_come_close_to_the_golden_logits() {
    let asked = |activations| EngineOptions { activations, ..EngineOptions::default() };
    for options in both_ways() {
        let device = open(&options);
        for name in models() {
            let int8 = error_of(&name, &device, &asked(Activations::Int8));
            let has_codes = !name.contains("f16");
            assert!(
                int8 < if has_codes { INT8_TOLERANCE } else { TOLERANCE },
                "{name}: a normalised error of {int8:.2e}"
            );
        }
        // A generation's prompt is read with the same activations as for logits.
        let prompt = golden_model(MODELS[0]).tokens;
        let engine = engine_on(&device, &golden(MODELS[0]), &asked(Activations::Int8));
        let (next, _, _) = generate(&engine, &prompt, GenerateOptions { max_tokens: Some(1), ..Default::default() })
            .expect("the model runs");
        let logits = logits(&engine, &prompt);
        assert_eq!(next, [argmax(&logits[logits.len() / prompt.len() * (prompt.len() - 1)..])]);
        // By default, logits are computed with f32 activations, whose error is measurably smaller.
        let error = |activations| error_of(MODELS[0], &device, &asked(activations));
        let [auto, float, int8] = [Activations::Auto, Activations::Float, Activations::Int8].map(error);
        assert!(auto.to_bits() == float.to_bits() && int8 > 1.1 * float, "{auto:.2e}, {float:.2e}, {int8:.2e}");
    }
}

#[test]
fn activations_are_told_by_name() {
    for (text, activations) in [("auto", Activations::Auto), ("float", Activations::Float), ("int8", Activations::Int8)]
    {
        assert_eq!(text.parse::<Activations>().ok(), Some(activations));
    }
    for text in ["", "Int8", "int4"] {
        assert_eq!(text.parse::<Activations>().map_err(|error| error.code()), Err("invalid-option"), "{text}");
    }
}
