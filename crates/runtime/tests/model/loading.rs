//! Tests of loading: pieces of any size, and files that can't be run.

use std::fs;

use wgslm::Device;
use wgslm::engine::{EngineOptions, GenerateOptions};
use wgslm::formats::gguf::{TensorType, Value};
use wgslm_testing::gguf_writer::GgufWriter;
use wgslm_testing::golden;

use crate::adapters::{adapters, open};
use crate::golden_logits::configurations;
use crate::setup::{generate, load_bytes, logits};

fn device() -> Option<&'static Device> {
    adapters().first()
}

#[test]
fn pieces_of_any_size_give_the_same_model() {
    let Some(device) = device() else { return };
    let bytes = fs::read(golden("models/llama-q4_1.gguf")).expect("it is readable");
    let run = |piece| {
        let engine = load_bytes(device, &bytes, piece, &EngineOptions::default()).expect("it loads");
        logits(&engine, &[1, 2, 3])
    };
    let whole = run(bytes.len());
    for piece in [61, 4096, 10_007] {
        assert_eq!(run(piece), whole, "in pieces of {piece}");
    }
}

#[test]
fn no_request_compiles_a_pipeline() {
    let bytes = fs::read(golden("models/llama-q4_k.gguf")).expect("it is readable");
    for options in configurations() {
        // A new device, since other tests compile pipelines on the shared ones meanwhile.
        let device = open(&options);
        let checked = device.gpu().compiled_pipelines();
        let engine = load_bytes(&device, &bytes, 1 << 16, &EngineOptions::default()).expect("it loads");
        let loaded = device.gpu().compiled_pipelines();
        assert!(loaded > checked, "{options:?}: {checked} for the self-check, {loaded} with a model");
        let sampling = GenerateOptions {
            temperature: 0.8,
            top_k: 20,
            typical_p: 0.9,
            top_p: 0.9,
            min_p: 0.05,
            xtc_probability: 1.0,
            presence_penalty: 0.1,
            logprobs: Some(2),
            ..GenerateOptions::default()
        };
        for (tokens, generate_options) in
            [(1, GenerateOptions::default()), (90, GenerateOptions::default()), (12, sampling)]
        {
            let prompt: Vec<u32> = (0..tokens).map(|token| 1 + token % 60).collect();
            generate(&engine, &prompt, GenerateOptions { max_tokens: Some(3), ..generate_options }).expect("it runs");
            logits(&engine, &prompt);
        }
        assert_eq!(device.gpu().compiled_pipelines(), loaded, "{options:?}");
    }
}

/// A file with the metadata of a model of one layer, each entry of which `change` may replace or remove.
fn metadata(mut change: impl FnMut(&str, Value) -> Option<Value>) -> GgufWriter {
    let mut writer = GgufWriter::new();
    for (key, value) in [
        ("general.architecture", Value::String("llama".to_owned())),
        ("llama.block_count", Value::U64(1)),
        ("llama.context_length", Value::U64(64)),
        ("llama.embedding_length", Value::U64(32)),
        ("llama.feed_forward_length", Value::U64(64)),
        ("llama.attention.head_count", Value::U64(2)),
        ("llama.attention.head_count_kv", Value::U64(1)),
        ("llama.attention.layer_norm_rms_epsilon", Value::F64(1e-5)),
        ("llama.vocab_size", Value::U64(8)),
        ("llama.attention.key_length", Value::U64(16)),
    ] {
        writer = match change(key, value) {
            Some(Value::U64(number)) => writer.metadata(key, number),
            Some(Value::F64(number)) => writer.metadata(key, number),
            Some(Value::String(text)) => writer.metadata(key, text),
            _ => writer,
        };
    }
    writer
}

/// The names and shapes of that model's tensors.
fn tensors() -> Vec<(&'static str, Vec<u64>)> {
    vec![
        ("token_embd.weight", vec![32, 8]),
        ("output_norm.weight", vec![32]),
        ("blk.0.attn_norm.weight", vec![32]),
        ("blk.0.ffn_norm.weight", vec![32]),
        ("blk.0.attn_q.weight", vec![32, 32]),
        ("blk.0.attn_k.weight", vec![32, 16]),
        ("blk.0.attn_v.weight", vec![32, 16]),
        ("blk.0.attn_output.weight", vec![32, 32]),
        ("blk.0.ffn_gate.weight", vec![32, 64]),
        ("blk.0.ffn_up.weight", vec![32, 64]),
        ("blk.0.ffn_down.weight", vec![64, 32]),
    ]
}

fn file(writer: GgufWriter, tensors: &[(&str, Vec<u64>)], kind: TensorType) -> Vec<u8> {
    let with_all = tensors.iter().fold(writer, |writer, (name, shape)| {
        let weights = shape.iter().product::<u64>() as usize;
        let kind = if shape.len() == 1 { TensorType::F32 } else { kind };
        let data = vec![0; weights.div_ceil(kind.block_len()) * kind.block_bytes()];
        writer.tensor(name, kind, shape, &data)
    });
    with_all.finish()
}

fn unchanged(_: &str, value: Value) -> Option<Value> {
    Some(value)
}

#[test]
fn models_that_cannot_be_run_are_refused_by_name() {
    let Some(device) = device() else { return };
    let refusal = |bytes: &[u8]| {
        let error =
            load_bytes(device, bytes, 1 << 16, &EngineOptions::default()).map(|_| ()).expect_err("it is refused");
        (error.code(), error.to_string())
    };
    let whole = file(metadata(unchanged), &tensors(), TensorType::F32);
    assert!(load_bytes(device, &whole, 1 << 16, &EngineOptions::default()).is_ok());

    for (key, value, code) in [
        ("general.architecture", Some(Value::String("mamba".to_owned())), "unsupported-architecture"),
        ("general.architecture", None, "missing-metadata"),
        ("llama.block_count", None, "missing-metadata"),
        ("llama.block_count", Some(Value::U64(1 << 40)), "invalid-metadata"),
        ("llama.embedding_length", Some(Value::U64(0)), "invalid-metadata"),
        ("llama.attention.head_count", Some(Value::U64(3)), "tensor-shape"),
        ("llama.attention.head_count_kv", Some(Value::U64(3)), "invalid-metadata"),
        ("llama.attention.head_count_kv", Some(Value::U64(0)), "invalid-metadata"),
        ("llama.context_length", Some(Value::String("long".to_owned())), "invalid-metadata"),
        ("llama.block_count", Some(Value::U64(2)), "missing-tensor"),
        ("llama.block_count", Some(Value::U64(4097)), "invalid-metadata"),
        ("llama.attention.key_length", Some(Value::U64(512)), "invalid-metadata"),
        ("llama.feed_forward_length", Some(Value::U64(128)), "tensor-shape"),
    ] {
        let writer = metadata(|found, old| if found == key { value.clone() } else { Some(old) });
        let (found, message) = refusal(&file(writer, &tensors(), TensorType::F32));
        assert_eq!(found, code, "{key} = {value:?}: {message}");
    }
    let writer = metadata(|key, old| match key {
        "llama.attention.head_count" | "llama.attention.head_count_kv" => Some(Value::U64(1 << 24)),
        "llama.attention.key_length" => Some(Value::U64(256)),
        _ => Some(old),
    });
    let (code, message) = refusal(&file(writer, &tensors(), TensorType::F32));
    assert!(code == "invalid-metadata" && message.contains("too many"), "{message}");
    let writer = metadata(|key, old| match key {
        "llama.attention.head_count" => Some(Value::U64(3)),
        "llama.attention.key_length" => None,
        _ => Some(old),
    });
    let (code, message) = refusal(&file(writer, &tensors(), TensorType::F32));
    assert!(code == "invalid-metadata" && message.contains("doesn't divide the width"), "{message}");
    let writer = metadata(unchanged).metadata("llama.rope.scaling.type", "dynamic");
    let (code, message) = refusal(&file(writer, &tensors(), TensorType::F32));
    assert!(code == "invalid-metadata" && message.contains("dynamic"), "{message}");

    let mut extra = tensors();
    extra.push(("blk.0.attn_q_norm.weight", vec![32]));
    let (code, message) = refusal(&file(metadata(unchanged), &extra, TensorType::F32));
    assert!(code == "unexpected-tensor" && message.contains("attn_q_norm"), "{message}");
    extra.pop();
    extra.push(("blk.0.attn_q.bias", vec![31]));
    let (code, message) = refusal(&file(metadata(unchanged), &extra, TensorType::F32));
    assert!(code == "tensor-shape" && message.contains("attn_q.bias"), "{message}");
    let (code, message) = refusal(&file(metadata(unchanged), &tensors()[1..], TensorType::F32));
    assert!(code == "missing-tensor" && message.contains("token_embd.weight"), "{message}");
    let (code, message) = refusal(&file(metadata(unchanged), &tensors(), TensorType::Q8_1));
    assert!(code == "unsupported-tensor-type" && message.contains("Q8_1"), "{message}");
}

#[test]
fn a_file_cut_short_is_refused() {
    let Some(device) = device() else { return };
    let bytes = fs::read(golden("models/llama-q4_0.gguf")).expect("it is readable");
    for length in [0, 3, 100, bytes.len() / 2, bytes.len() - 200] {
        let error = load_bytes(device, &bytes[..length], 4096, &EngineOptions::default());
        let error = error.map(|_| ()).expect_err("it is cut short");
        assert_eq!(error.code(), "truncated", "at {length}: {error}");
    }
}

#[test]
fn a_context_is_as_long_as_asked_for() {
    let Some(device) = device() else { return };
    let engine = |context_length| {
        let bytes = file(metadata(unchanged), &tensors(), TensorType::F16);
        load_bytes(device, &bytes, 1 << 16, &EngineOptions { context_length, ..EngineOptions::default() })
    };
    assert_eq!(engine(None).map(|engine| engine.context_length()).ok(), Some(64));
    assert_eq!(engine(Some(17)).map(|engine| engine.context_length()).ok(), Some(17));
    for length in [0, 65] {
        assert_eq!(engine(Some(length)).map(|_| ()).expect_err("it is refused").code(), "invalid-option");
    }
}
