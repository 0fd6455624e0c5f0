//! Tests of tiny models of every architecture and tensor type against golden logits and embeddings.

use wgslm::Device;
use wgslm::engine::{Activations, EngineOptions};
use wgslm_testing::{exhaustive, golden};

use crate::adapters::{adapters, laid_out, some_adapters};
use crate::golden::{Golden, INT8_TOLERANCE, TOLERANCE, check, goldens};
use crate::setup::{load_file, logits, normalised_error};

/// The golden models that `choose` selects; large ones only in the device's own layout, unless tests are exhaustive.
fn chosen(device: &Device, interleaved_rows: bool, choose: impl Fn(&Golden) -> bool) -> Vec<Golden> {
    let large = exhaustive() || device.kernels().interleaved_rows == interleaved_rows;
    goldens().into_iter().filter(|golden| (large || !golden.is_large()) && choose(golden)).collect()
}

#[test]
fn every_architecture_gives_the_golden_values_on_every_adapter() {
    for device in adapters() {
        for interleaved_rows in [false, true] {
            let models = chosen(device, interleaved_rows, Golden::is_q8_0);
            check(&models, &laid_out(device, interleaved_rows), &EngineOptions::default(), TOLERANCE);
        }
    }
}

#[test]
fn every_weight_type_gives_the_golden_logits() {
    for device in some_adapters() {
        for interleaved_rows in [false, true] {
            let models = chosen(device, interleaved_rows, |golden| !golden.is_q8_0());
            check(&models, &laid_out(device, interleaved_rows), &EngineOptions::default(), TOLERANCE);
        }
    }
}

#[test]
fn activations_of_8_bits_come_close_in_every_architecture_and_type() {
    let engine_options = EngineOptions { activations: Activations::Int8, ..EngineOptions::default() };
    for device in some_adapters() {
        for interleaved_rows in [false, true] {
            let laid_out = laid_out(device, interleaved_rows);
            let has_codes =
                |golden: &Golden| !matches!(golden.types[..], [ref only] if only.starts_with('F') || only == "BF16");
            check(&chosen(device, interleaved_rows, has_codes), &laid_out, &engine_options, INT8_TOLERANCE);
            // Float weights are multiplied with float activations.
            let floats = chosen(device, interleaved_rows, |golden| !has_codes(golden));
            check(&floats, &laid_out, &engine_options, TOLERANCE);
        }
    }
}

#[test]
fn a_token_at_a_time_gives_the_same_as_a_prompt() {
    let engine_options = EngineOptions { prefill_tokens: Some(1), ..EngineOptions::default() };
    if let Some(device) = adapters().first() {
        // Only contiguous rows of weights have kernels of their own for few tokens.
        check(&chosen(device, false, |_| true), &laid_out(device, false), &engine_options, TOLERANCE);
    }
}

#[test]
fn layers_with_a_window_keep_only_that() {
    let Some(device) = adapters().first() else { return };
    for name in ["models/gemma2-caps.gguf", "models/olmo2-window.gguf"] {
        let load = |rows| {
            let options = EngineOptions { prefill_tokens: Some(rows), slots: Some(1), ..EngineOptions::default() };
            load_file(device, &golden(name), &options).expect("it loads")
        };
        // The window of a step as long as the context is everything.
        let (window, whole) = (load(5), load(2048));
        assert!(window.kv_bytes() < whole.kv_bytes() * 3 / 4, "{name}: {} of {}", window.kv_bytes(), whole.kv_bytes());
        // Long enough that blocks are used for several positions.
        let tokens: Vec<u32> = (0..250).map(|i| i * 37 % 60).collect();
        let error = normalised_error(&logits(&window, &tokens), &logits(&whole, &tokens));
        assert!(error < 1e-3, "{name}: {error:.2e}");
    }
}

#[test]
fn a_convolution_keeps_as_much_of_any_sequence() {
    let Some(device) = adapters().first() else { return };
    let path = golden("models/lfm2-attention-first.gguf");
    let load = |options: EngineOptions| load_file(device, &path, &options).expect("it loads");
    let few = EngineOptions { state_checkpoints: Some(0), slots: Some(1), ..EngineOptions::default() };
    let [short, long, more] = [
        EngineOptions { context_length: Some(16), ..few.clone() },
        EngineOptions { context_length: Some(256), ..few.clone() },
        EngineOptions { context_length: Some(16), state_checkpoints: Some(50), ..few.clone() },
    ]
    .map(load);
    let state = (more.kv_bytes() - short.kv_bytes()) / 50;
    assert_eq!(state, short.model().spec.state_bytes());
    let by_tokens = short.model().spec.kv_bytes(256 - 16, device.kernels().kv_format());
    // The block tables' entries aside.
    assert_eq!((long.kv_bytes() - short.kv_bytes()) / 1024, by_tokens / 1024);
    // In chunks of any size, states follow one another.
    let tokens: Vec<u32> = (0..100).map(|i| i * 37 % 60).collect();
    let whole = logits(&load(few.clone()), &tokens);
    for rows in [1, 2, 7] {
        let in_chunks = logits(&load(EngineOptions { prefill_tokens: Some(rows), ..few.clone() }), &tokens);
        let error = normalised_error(&in_chunks, &whole);
        assert!(error < 1e-3, "{rows} rows: {error:.2e}");
    }
}
