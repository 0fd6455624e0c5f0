//! Tests that the logits stay golden with all device options, chunks of prompts and orders of blocks.

use wgslm::DeviceOptions;
use wgslm::engine::BlockOrder;
use wgslm::engine::{Activations, EngineOptions, GenerateOptions};

use crate::adapters::{adapters, as_on, opened, some_adapters};
use crate::golden::{TOLERANCE, check, named};
use crate::setup::{argmax, engine, generate, logits};

/// A model whose tensors are large enough to be split by small bindings.
const LARGE: &str = "tiny-llama-q8_0";

/// The options for every adapter, and for the fastest (or all, if tests are exhaustive) with each of the device options set.
pub(crate) fn configurations() -> Vec<DeviceOptions> {
    let ways = |options: DeviceOptions| {
        [
            DeviceOptions { baseline: true, ..options.clone() },
            DeviceOptions { max_binding: Some(1 << 20), ..options.clone() },
            DeviceOptions { max_binding: Some(80 << 10), ..options.clone() },
            DeviceOptions { interleaved_rows: Some(false), ..options.clone() },
            DeviceOptions { interleaved_rows: Some(false), baseline: true, ..options },
        ]
    };
    adapters().iter().map(as_on).chain(some_adapters().iter().map(as_on).flat_map(ways)).collect()
}

#[test]
fn every_way_of_using_a_device_gives_the_golden_logits() {
    for options in configurations() {
        check(&[named(LARGE), named("llama-q4_1")], &opened(&options), &EngineOptions::default(), TOLERANCE);
    }
}

#[test]
fn prompts_in_chunks_of_any_size_give_the_golden_logits() {
    let Some(device) = adapters().first() else { return };
    for rows in [1, 7, 16, 47] {
        let engine_options = EngineOptions { prefill_tokens: Some(rows), ..EngineOptions::default() };
        check(&[named(LARGE)], device, &engine_options, TOLERANCE);
    }
}

#[test]
fn a_shuffled_block_table_gives_the_same_logits() {
    let golden = named(LARGE);
    for device in adapters() {
        let in_order = logits(&engine(device, &golden.path(), &EngineOptions::default()), &golden.tokens);
        for seed in [1, 2] {
            let shuffled = EngineOptions {
                block_order: BlockOrder::Shuffled(seed),
                context_length: Some(500),
                ..Default::default()
            };
            assert_eq!(logits(&engine(device, &golden.path(), &shuffled), &golden.tokens), in_order);
        }
    }
}

#[test]
fn activations_of_8_bits_are_taken_only_where_they_are_asked_for() {
    let asked = |activations| EngineOptions { activations, ..EngineOptions::default() };
    let golden = named(LARGE);
    for device in adapters() {
        // A generation's prompt is read with the same activations as for logits.
        let engine = engine(device, &golden.path(), &asked(Activations::Int8));
        let options = GenerateOptions { max_tokens: Some(1), ..Default::default() };
        let (next, _, _) = generate(&engine, &golden.tokens, options).expect("the model runs");
        let logits = logits(&engine, &golden.tokens);
        let last = logits.len() / golden.tokens.len() * (golden.tokens.len() - 1);
        assert_eq!(next, [argmax(&logits[last..])]);
        // By default, logits are computed with f32 activations, whose error is measurably smaller.
        let error = |activations| golden.error(device, &asked(activations)).expect("the model runs");
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
