//! Logits of the tiny golden models.

use serde::Deserialize;
use wgslm::engine::{Activations, EngineOptions, GenerateOptions};
use wgslm::gpu::GpuOptions;
use wgslm::kv::BlockOrder;

use crate::setup::{adapters, argmax, configurations, engine, generate, logits, normalised_error, npy};
use crate::support::golden;

/// What f16 in the KV cache costs at the most; f32 arithmetic alone stays under 1e-3.
const TOLERANCE: f64 = 1e-2;

/// What activations of 8 bits cost at the most.
const INT8_TOLERANCE: f64 = 8e-2;

const MODELS: [&str; 9] = [
    "arch/tiny-llama-q8_0.gguf",
    "arch/tiny-llama-linear-rope-q8_0.gguf",
    "quant/tiny-llama-f16.gguf",
    "quant/tiny-llama-bf16.gguf",
    "quant/tiny-llama-q4_0.gguf",
    "quant/tiny-llama-q4_1.gguf",
    "quant/tiny-llama-q8_0.gguf",
    "quant/tiny-llama-q4_k_s.gguf",
    "quant/tiny-llama-q6_k.gguf",
];

#[derive(Deserialize)]
struct GoldenModel {
    model: String,
    tokens: Vec<u32>,
    logits: String,
}

fn golden_model(name: &str) -> GoldenModel {
    let index = std::fs::read(golden("index.json")).expect("the index is readable");
    let models: Vec<GoldenModel> = serde_json::from_slice(&index).expect("the index is JSON");
    models.into_iter().find(|model| model.model == name).unwrap_or_else(|| panic!("{name} is not in the index"))
}

/// How far the logits are off the golden ones.
fn error_of(name: &str, options: &GpuOptions, engine_options: &EngineOptions) -> f64 {
    let expected = golden_model(name);
    let engine = engine(options, &golden(name), engine_options);
    normalised_error(&logits(&engine, &expected.tokens), &npy(&golden(&expected.logits)))
}

fn check(name: &str, device: &str, options: &GpuOptions, engine_options: &EngineOptions) {
    let error = error_of(name, options, engine_options);
    assert!(error < TOLERANCE, "{name} on {device}: a normalised error of {error:.2e}");
}

#[test]
fn every_weight_type_gives_the_golden_logits_on_every_adapter() {
    for options in adapters() {
        for name in MODELS {
            check(name, &format!("adapter {:?}", options.device), &options, &EngineOptions::default());
        }
    }
}

#[test]
fn every_way_of_using_a_device_gives_the_golden_logits() {
    for (device, options) in configurations() {
        for name in ["arch/tiny-llama-q8_0.gguf", "quant/tiny-llama-q4_1.gguf"] {
            check(name, &device, &options, &EngineOptions::default());
        }
    }
}

#[test]
fn prompts_in_chunks_of_any_size_give_the_golden_logits() {
    for options in adapters().into_iter().take(1) {
        for rows in [1, 7, 16, 47] {
            let engine_options = EngineOptions { prefill_rows: Some(rows), ..EngineOptions::default() };
            check(MODELS[0], &format!("chunks of {rows}"), &options, &engine_options);
        }
    }
}

#[test]
fn a_shuffled_block_table_gives_the_same_logits() {
    for options in adapters() {
        let tokens = golden_model(MODELS[0]).tokens;
        let in_order = logits(&engine(&options, &golden(MODELS[0]), &EngineOptions::default()), &tokens);
        for seed in [1, 2] {
            let shuffled = EngineOptions {
                block_order: BlockOrder::Shuffled(seed),
                context_length: Some(500),
                ..Default::default()
            };
            assert_eq!(logits(&engine(&options, &golden(MODELS[0]), &shuffled), &tokens), in_order);
        }
    }
}

#[test]
fn activations_of_8_bits_come_close_to_the_golden_logits() {
    // Rows of weights that stand one after the other are read by other kernels than those that stand side by side.
    let rows =
        |options: GpuOptions| [false, true].map(|rows| GpuOptions { interleaved_rows: Some(rows), ..options.clone() });
    let asked = |activations| EngineOptions { activations, ..EngineOptions::default() };
    for options in adapters().into_iter().flat_map(rows) {
        for name in MODELS {
            let int8 = error_of(name, &options, &asked(Activations::Int8));
            let has_codes = !name.contains("f16");
            assert!(
                int8 < if has_codes { INT8_TOLERANCE } else { TOLERANCE },
                "{name}: a normalised error of {int8:.2e}"
            );
        }
        // A prompt is read as for its logits.
        let prompt = golden_model(MODELS[0]).tokens;
        let engine = engine(&options, &golden(MODELS[0]), &asked(Activations::Int8));
        let (next, _, _) = generate(&engine, &prompt, GenerateOptions { max_tokens: Some(1), ..Default::default() })
            .expect("the model runs");
        let logits = logits(&engine, &prompt);
        assert_eq!(next, [argmax(&logits[logits.len() / prompt.len() * (prompt.len() - 1)..])]);
        // Nobody gets them for logits without having asked, and they can be told from f32.
        let error = |activations| error_of(MODELS[0], &options, &asked(activations));
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
