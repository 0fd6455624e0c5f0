//! Tests of unusual files that llama.cpp loads: they give the same logits as the same weights in a usual file.

use wgslm::engine::{Engine, EngineOptions};
use wgslm::formats::gguf::TensorType;
use wgslm::{Device, Result};
use wgslm_testing::gguf_writer::GgufWriter;
use wgslm_testing::model_files::{gguf, metadata, metadata_of, with_tensors};

use crate::adapters::adapters;
use crate::setup::{load_bytes, logits};

const PROMPT: [u32; 5] = [3, 1, 4, 15, 9];

fn load(device: &Device, writer: GgufWriter) -> Result<Engine> {
    let file = with_tensors(writer, TensorType::F16).finish();
    load_bytes(device, &file, 1000, &EngineOptions::default())
}

/// Adds an F32 tensor of one dimension.
fn with_values(writer: GgufWriter, name: &str, values: &[f32]) -> GgufWriter {
    let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    writer.tensor(name, TensorType::F32, &[values.len() as u64], &bytes)
}

/// The logits of the model in its usual file.
fn plain(device: &Device) -> Vec<f32> {
    let file = gguf(TensorType::F16);
    logits(&load_bytes(device, &file, 1 << 20, &EngineOptions::default()).expect("it loads"), &PROMPT)
}

#[test]
fn parts_that_are_not_run_are_left_out() {
    let Some(device) = adapters().first() else { return };
    let head = metadata_of(3, 48).metadata("llama.nextn_predict_layers", 1_u32);
    let head = with_values(head, "blk.2.nextn.eh_proj.weight", &[0.5; 64]);
    for (part, writer) in [
        ("vision", with_values(metadata(), "v.blk.0.attn_q.weight", &[0.5; 64])),
        ("projector", with_values(metadata(), "mm.input_projection.weight", &[0.5; 64])),
        ("head", with_values(head, "blk.2.attn_norm.weight", &[0.5; 64])),
        ("scales of inputs", with_values(metadata(), "blk.0.attn_q.input_scale", &[0.5])),
    ] {
        let engine = load(device, writer).unwrap_or_else(|error| panic!("{part}: {error}"));
        assert_eq!(logits(&engine, &PROMPT), plain(device), "{part}");
    }
    for name in ["blk.1.nextn.eh_proj.weight", "blk.2.attn_norm.weight", "blk.0.attn_q_norm.weight", "cls.weight"] {
        let error = load(device, with_values(metadata(), name, &[0.5; 64])).map(|_| ()).expect_err(name);
        assert!(error.code() == "unexpected-tensor" && error.to_string().contains(name), "{error}");
    }
}

#[test]
fn a_scale_of_one_is_left_out_and_another_is_refused() {
    let Some(device) = adapters().first() else { return };
    for name in ["blk.0.attn_q.scale", "blk.1.ffn_down.scale", "output.scale"] {
        let engine = load(device, with_values(metadata(), name, &[1.0])).expect("it changes nothing");
        assert_eq!(logits(&engine, &PROMPT), plain(device), "{name}");
        let error = load(device, with_values(metadata(), name, &[0.5])).map(|_| ()).expect_err(name);
        assert!(error.code() == "unexpected-tensor" && error.to_string().contains(name), "{error}");
    }
    let error = load(device, with_values(metadata(), "blk.0.attn_norm.scale", &[1.0])).map(|_| ());
    assert_eq!(error.expect_err("a norm has none").code(), "unexpected-tensor");
}

#[test]
fn vocab_size_need_not_be_the_number_of_tokens() {
    let Some(device) = adapters().first() else { return };
    let tokens = |count: u32| (0..count).map(|token| format!("<{token}>")).collect::<Vec<_>>();
    for (vocab_size, count) in [(48, 40), (100, 48), (100, 40), (40, 48), (40, 40)] {
        let writer = metadata_of(2, vocab_size).metadata("tokenizer.ggml.tokens", tokens(count));
        let engine = load(device, writer).unwrap_or_else(|error| panic!("{vocab_size}, {count}: {error}"));
        assert_eq!(engine.model().spec.vocabulary, 48, "{vocab_size}, {count}: the rows that there are");
        assert_eq!(logits(&engine, &PROMPT), plain(device), "{vocab_size}, {count}");
    }
    let writer = metadata_of(2, 100).metadata("tokenizer.ggml.tokens", tokens(100));
    let error = load(device, writer).map(|_| ()).expect_err("tokens lack rows");
    assert!(error.code() == "tensor-shape" && error.to_string().contains("token_embd"), "{error}");
}

#[test]
fn a_rope_scaling_factor_of_0_is_none() {
    let Some(device) = adapters().first() else { return };
    let engine = load(device, metadata().metadata("llama.rope.scaling.factor", 0_f32)).expect("it loads");
    assert_eq!(logits(&engine, &PROMPT), plain(device));
}
