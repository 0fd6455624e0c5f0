//! Golden logits and embeddings of tiny models of every architecture and of every tensor type.

use wgslm::engine::{Activations, EngineOptions};
use wgslm::gpu::{Gpu, GpuOptions};

use crate::adapters::{adapters, fastest, on, opened};
use crate::golden::{Golden, INT8_TOLERANCE, TOLERANCE, check, goldens};
use crate::setup::{load_file, logits, normalised_error};
use crate::support::{exhaustive, golden};

/// The adapters that are to run what depends on their compilers little: one, or all.
pub(crate) fn some_adapters() -> impl Iterator<Item = &'static Gpu> {
    adapters().iter().filter(|gpu| exhaustive() || fastest().is_some_and(|fastest| std::ptr::eq(*gpu, fastest)))
}

/// The device with rows of weights one after the other, or side by side: other kernels read them.
pub(crate) fn laid_out(gpu: &Gpu, interleaved_rows: bool) -> Gpu {
    if gpu.capabilities().interleaved_rows == interleaved_rows {
        return gpu.clone();
    }
    opened(&GpuOptions { interleaved_rows: Some(interleaved_rows), ..on(gpu.adapter().index) })
}

/// The golden models that are chosen; of the large ones those, if they are to run in this layout.
fn chosen(gpu: &Gpu, interleaved_rows: bool, choose: impl Fn(&Golden) -> bool) -> Vec<Golden> {
    let large = exhaustive() || gpu.capabilities().interleaved_rows == interleaved_rows;
    goldens().into_iter().filter(|golden| (large || !golden.is_large()) && choose(golden)).collect()
}

#[test]
fn every_architecture_gives_the_golden_values_on_every_adapter() {
    for gpu in adapters() {
        for interleaved_rows in [false, true] {
            let models = chosen(gpu, interleaved_rows, Golden::is_q8_0);
            check(&models, &laid_out(gpu, interleaved_rows), &EngineOptions::default(), TOLERANCE);
        }
    }
}

#[test]
fn every_weight_type_gives_the_golden_logits() {
    for gpu in some_adapters() {
        for interleaved_rows in [false, true] {
            let models = chosen(gpu, interleaved_rows, |golden| !golden.is_q8_0());
            check(&models, &laid_out(gpu, interleaved_rows), &EngineOptions::default(), TOLERANCE);
        }
    }
}

#[test]
fn activations_of_8_bits_come_close_in_every_architecture_and_type() {
    let engine_options = EngineOptions { activations: Activations::Int8, ..EngineOptions::default() };
    for gpu in some_adapters() {
        for interleaved_rows in [false, true] {
            let laid_out = laid_out(gpu, interleaved_rows);
            let has_codes =
                |golden: &Golden| !matches!(golden.types[..], [ref only] if only.starts_with('F') || only == "BF16");
            check(&chosen(gpu, interleaved_rows, has_codes), &laid_out, &engine_options, INT8_TOLERANCE);
            // Floats are multiplied as floats.
            let floats = chosen(gpu, interleaved_rows, |golden| !has_codes(golden));
            check(&floats, &laid_out, &engine_options, TOLERANCE);
        }
    }
}

#[test]
fn a_token_at_a_time_gives_the_same_as_a_prompt() {
    let engine_options = EngineOptions { prefill_rows: Some(1), ..EngineOptions::default() };
    if let Some(gpu) = fastest() {
        // Few rows have kernels of their own where rows of weights lie one after the other.
        check(&chosen(gpu, false, |_| true), &laid_out(gpu, false), &engine_options, TOLERANCE);
    }
}

#[test]
fn layers_with_a_window_keep_only_that() {
    let Some(gpu) = fastest() else { return };
    for name in ["models/gemma2-caps.gguf", "models/lfm2-attention-first.gguf", "models/olmo2-window.gguf"] {
        let load = |rows| {
            let options = EngineOptions { prefill_rows: Some(rows), ..EngineOptions::default() };
            load_file(gpu, &golden(name), &options).expect("it loads")
        };
        // Steps of as many rows as there is context leave no room for rings.
        let (ring, whole) = (load(5), load(2048));
        assert!(ring.kv_bytes() < whole.kv_bytes() * 3 / 4, "{name}: {} of {}", ring.kv_bytes(), whole.kv_bytes());
        // Long enough for blocks to be overwritten several times.
        let tokens: Vec<u32> = (0..250).map(|i| i * 37 % 60).collect();
        let error = normalised_error(&logits(&ring, &tokens), &logits(&whole, &tokens));
        assert!(error < 1e-3, "{name}: {error:.2e}");
    }
}
