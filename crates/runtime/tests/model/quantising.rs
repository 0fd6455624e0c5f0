//! Tests that quantising at load gives the same model as a quantised file.

use std::fs;

use wgslm::engine::EngineOptions;
use wgslm::formats::gguf::TensorType;
use wgslm::formats::quantise::{FileQuantiser, Policy};
use wgslm::{Device, DeviceOptions};
use wgslm_shaders::cpu::{Resources, weight_row};
use wgslm_shaders::format::GROUP;
use wgslm_shaders::{FloatKind, Launch as _, QuantiseVariant, QuantiseWeights, WeightFormat, WeightLayout};
use wgslm_testing::gguf_read::read_in_pieces;
use wgslm_testing::golden;

use crate::adapters::{adapters, as_on, opened};
use crate::mixed_formats::rewritten;
use crate::setup::{load_bytes, logits, normalised_error};

/// A prompt long enough for the kernels for many tokens, with two tiles.
fn tokens() -> Vec<u32> {
    (1..40).collect()
}

fn quantised_file(bytes: &[u8], policy: &str) -> Vec<u8> {
    let mut file = Vec::new();
    let mut quantiser = FileQuantiser::new(policy.parse().expect("it's a policy"));
    let mut write = |bytes: &[u8]| {
        file.extend_from_slice(bytes);
        Ok::<(), wgslm::Error>(())
    };
    bytes.chunks(100_003).try_for_each(|piece| quantiser.push(piece, &mut write)).expect("it can be quantised");
    quantiser.finish().expect("it's whole");
    file
}

fn logits_of(device: &Device, bytes: &[u8], policy: Option<&str>) -> Vec<f32> {
    let quantize = policy.map(|policy| policy.parse::<Policy>().expect("it's a policy"));
    let options = EngineOptions { quantize, context_length: Some(64), ..EngineOptions::default() };
    logits(&load_bytes(device, bytes, 1 << 16, &options).expect("it loads"), &tokens())
}

#[test]
fn at_load_weights_become_what_they_become_in_a_file() {
    let f16 = fs::read(golden("quant/tiny-llama-f16.gguf")).expect("it is readable");
    let bf16 = fs::read(golden("models/llama-bf16.gguf")).expect("it is readable");
    let sources = [("F16", &f16), ("F32", &quantised_file(&f16, "f32")), ("BF16", &bf16)];
    let by_name = r#"{"rules": [{"pattern": "*attn_v*", "bits": 8}, {"pattern": "*.ffn_down.*", "kind": "f16"}], "default": "q4"}"#;
    for (adapter, device) in adapters().iter().enumerate() {
        // Matrices split into several bindings, with rows larger than the part quantised at a time.
        let small = || opened(&DeviceOptions { max_binding: Some(80 << 10), ..as_on(device) });
        let whole = || device.clone();
        let all: [(&dyn Fn() -> Device, &str); 3] = [(&whole, "mixed"), (&small, by_name), (&whole, "q8")];
        // The kernel's tests hold all adapters to the same bits, so one case suffices on the others.
        let count = if adapter == 0 { all.len() } else { 1 };
        for ((device, policy), (name, source)) in all.iter().zip(&sources).take(count) {
            let device = device();
            let at_load = logits_of(&device, source, Some(policy));
            let from_file = logits_of(&device, &quantised_file(source, policy), None);
            assert!(at_load == from_file, "{name} as {policy} on {}", device.adapter().name);
        }
    }
}

/// Quantises F16 weights to `format` and back, to f32.
fn turned(format: WeightFormat, bytes: &[u8], row_length: usize) -> Vec<u8> {
    let groups = row_length / GROUP;
    let params = QuantiseWeights::new(format, FloatKind::F16, groups);
    let layout = WeightLayout { format, interleave: 1 };
    let variant = QuantiseVariant::QuantiseWeights(layout).into();
    let row = |row: &[u8]| {
        let words = row.chunks(4).map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]]));
        let source: Vec<u32> = [0, 1, 0, 0].into_iter().chain(words).collect();
        let mut resources = Resources::default()
            .with("source", &source)
            .with("codes", &vec![0u32; params.code_words as usize])
            .with("scales", &vec![0u32; params.scale_words as usize]);
        params.reference(&variant, 1, &mut resources);
        weight_row(layout, resources.get("codes"), resources.get("scales"), 0, groups)
    };
    bytes.chunks(2 * row_length).flat_map(row).flat_map(f32::to_le_bytes).collect()
}

#[test]
fn formats_that_no_file_has_give_the_logits_of_what_they_stand_for() {
    let bytes = fs::read(golden("quant/tiny-llama-f16.gguf")).expect("it is readable");
    let file = read_in_pieces(&bytes, bytes.len()).expect("it is whole");
    let as_f32 = [("nf4", WeightFormat::NF4), ("nf4-dq", WeightFormat::NF4_DQ), ("q4-dq", WeightFormat::Q4_DQ)];
    let as_f32 = as_f32.into_iter().chain([("q8-dq", WeightFormat::Q8_DQ)]).map(|(policy, format)| {
        let bytes = rewritten(&file, |info, data| {
            let matrix = info.kind == TensorType::F16 && info.shape.len() > 1;
            matrix.then(|| (TensorType::F32, turned(format, data, info.shape[0] as usize)))
        });
        (policy, bytes)
    });
    let as_f32: Vec<_> = as_f32.collect();
    for (adapter, device) in adapters().iter().enumerate() {
        for (policy, expected) in as_f32.iter().take(if adapter == 0 { as_f32.len() } else { 1 }) {
            let (found, expected) = (logits_of(device, &bytes, Some(policy)), logits_of(device, expected, None));
            let error = normalised_error(&found, &expected);
            assert!(error < 1e-4, "{policy} on {}: {error:.1e}", device.adapter().name);
        }
    }
}

#[test]
fn what_is_quantised_already_is_refused_or_made_floats() {
    let Some(device) = adapters().first() else { return };
    let bytes = fs::read(golden("models/llama-q4_1.gguf")).expect("it is readable");
    let quantize = Some("mixed".parse().expect("it's a policy"));
    let error = load_bytes(device, &bytes, 1 << 16, &EngineOptions { quantize, ..EngineOptions::default() });
    assert_eq!(error.map(|_| ()).expect_err("there are no floats").code(), "already-quantized");
    // Converting back to floats is exact.
    let error = normalised_error(&logits_of(device, &bytes, Some("f32")), &logits_of(device, &bytes, None));
    assert!(error < 1e-5, "{error:.1e}");
}
