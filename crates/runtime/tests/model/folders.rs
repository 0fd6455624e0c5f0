//! Tests that golden models, converted back to Hugging Face folders, give the same logits as their GGUF files.

use std::fs;

use half::f16;
use serde_json::{Value, json};
use wgslm::Device;
use wgslm::Result;
use wgslm::engine::{Activations, Engine, EngineOptions};
use wgslm::formats::gguf::TensorType;
use wgslm_testing::gguf_read::{File, read_in_pieces};
use wgslm_testing::model_files::Files;
use wgslm_testing::safetensors_writer::SafetensorsWriter;

use crate::adapters::adapters;
use crate::golden::named;
use crate::setup::{load_bytes, load_files, logits, normalised_error};

/// Pairs of tensor names in GGUF and in Hugging Face folders, without the layer's prefix.
type Names = &'static [(&'static str, &'static str)];

const DECODER: Names = &[
    ("token_embd", "model.embed_tokens"),
    ("output_norm", "model.norm"),
    ("output", "lm_head"),
    ("attn_norm", "input_layernorm"),
    ("ffn_norm", "post_attention_layernorm"),
    ("attn_q", "self_attn.q_proj"),
    ("attn_k", "self_attn.k_proj"),
    ("attn_v", "self_attn.v_proj"),
    ("attn_output", "self_attn.o_proj"),
    ("attn_q_norm", "self_attn.q_norm"),
    ("attn_k_norm", "self_attn.k_norm"),
    ("ffn_gate", "mlp.gate_proj"),
    ("ffn_up", "mlp.up_proj"),
    ("ffn_down", "mlp.down_proj"),
];
const NORMS_AFTER: Names = &[
    ("post_attention_norm", "post_attention_layernorm"),
    ("ffn_norm", "pre_feedforward_layernorm"),
    ("post_ffw_norm", "post_feedforward_layernorm"),
];
const PHI3: Names = &[("attn_qkv", "self_attn.qkv_proj"), ("ffn_up", "mlp.gate_up_proj")];
const STARCODER2: Names = &[("ffn_up", "mlp.c_fc"), ("ffn_down", "mlp.c_proj")];
const EXPERTS: Names = &[
    ("ffn_gate_inp", "mlp.gate"),
    ("ffn_gate_exps", "mlp.experts.{}.gate_proj"),
    ("ffn_up_exps", "mlp.experts.{}.up_proj"),
    ("ffn_down_exps", "mlp.experts.{}.down_proj"),
];
const LFM2: Names = &[
    ("token_embd_norm", "model.embedding_norm"),
    ("attn_norm", "operator_norm"),
    ("ffn_norm", "ffn_norm"),
    ("attn_output", "self_attn.out_proj"),
    ("attn_q_norm", "self_attn.q_layernorm"),
    ("attn_k_norm", "self_attn.k_layernorm"),
    ("shortconv.conv", "conv.conv"),
    ("shortconv.in_proj", "conv.in_proj"),
    ("shortconv.out_proj", "conv.out_proj"),
    ("ffn_gate", "feed_forward.w1"),
    ("ffn_up", "feed_forward.w3"),
    ("ffn_down", "feed_forward.w2"),
];

/// A golden model: its file, its `model_type`, its tensor names, the entries that its config.json adds, whether GGUF orders rows
/// of queries and keys in rope pairs, and whether GGUF adds 1 to norms.
struct Case(&'static str, &'static str, Names, Value, bool, bool);

fn cases() -> Vec<Case> {
    let yarn = json!({ "rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 256 });
    let experts = json!({ "num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 32 });
    let granite = json!({ "attention_multiplier": 0.0625, "embedding_multiplier": 12.0, "residual_multiplier": 0.22,
        "logits_scaling": 8.0 });
    let starcoder2 = json!({ "rms_norm_eps": null, "norm_epsilon": 1e-5 });
    let lfm2 = json!({ "rms_norm_eps": null, "norm_eps": 1e-5, "conv_L_cache": 3, "block_ff_dim": 32, "block_auto_adjust_ff_dim": false,
        "layer_types": ["conv", "full_attention", "conv", "full_attention"] });
    vec![
        Case("llama", "llama", &[], json!({}), true, false),
        Case("llama-yarn-rope", "llama", &[], json!({ "rope_scaling": yarn }), true, false),
        Case("qwen2", "qwen2", &[], json!({}), false, false),
        Case("qwen3", "qwen3", &[], json!({}), false, false),
        Case("qwen3moe", "qwen3_moe", EXPERTS, experts, false, false),
        Case("gemma2", "gemma2", NORMS_AFTER, json!({ "sliding_window": 8, "query_pre_attn_scalar": 16 }), false, true),
        Case("gemma3", "gemma3_text", NORMS_AFTER, json!({ "sliding_window": 8 }), false, true),
        Case("phi3", "phi3", PHI3, json!({ "sliding_window": 2048 }), false, false),
        Case("smollm3", "smollm3", &[], json!({}), true, false),
        Case("granite", "granite", &[], granite, true, false),
        Case("olmo2", "olmo2", NORMS_AFTER, json!({}), false, false),
        Case("starcoder2", "starcoder2", STARCODER2, starcoder2, false, false),
        Case("lfm2", "lfm2", LFM2, lfm2, false, false),
    ]
}

/// Converts a golden model's tensor to f32.
fn dequantised(kind: TensorType, bytes: &[u8]) -> Vec<f32> {
    match kind {
        TensorType::F32 => bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect(),
        TensorType::Q8_0 => {
            let block = |block: &[u8]| {
                let scale = f16::from_le_bytes([block[0], block[1]]).to_f32();
                block[2..].iter().map(move |code| scale * f32::from(code.cast_signed())).collect::<Vec<_>>()
            };
            bytes.chunks_exact(34).flat_map(block).collect()
        }
        other => panic!("golden models have no {other}"),
    }
}

/// The Hugging Face folder whose conversion to GGUF gives `file`, with all tensors in F32.
fn folder(file: &File, Case(_, model_type, names, more, paired, add_one): &Case) -> Files {
    let metadata = &file.header.metadata;
    let architecture = metadata.require_str("general.architecture").expect("it is there");
    let count = |key: &str| metadata.u32(&format!("{architecture}.{key}")).ok().flatten();
    let number = |key: &str| metadata.f32(&format!("{architecture}.{key}")).ok().flatten();
    let heads = count("attention.head_count").expect("it is there");
    // LFM 2 has an array with a number for each layer.
    let kv_heads = count("attention.head_count_kv").unwrap_or(heads / 2);
    let mut config = json!({
        "model_type": model_type, "num_hidden_layers": count("block_count"), "max_position_embeddings": 2048,
        "hidden_size": count("embedding_length"), "intermediate_size": count("feed_forward_length"), "num_attention_heads": heads,
        "num_key_value_heads": kv_heads, "head_dim": count("attention.key_length"), "vocab_size": count("vocab_size"),
        "rms_norm_eps": number("attention.layer_norm_rms_epsilon"), "rope_theta": number("rope.freq_base"),
        "tie_word_embeddings": file.header.tensor("output.weight").is_none(),
    });
    for (key, value) in more.as_object().expect("an object") {
        config[key] = value.clone();
    }
    let mut writer = SafetensorsWriter::new();
    for (tensor, bytes) in file.header.tensors.iter().zip(&file.tensors) {
        let (name, ending) = tensor.name.rsplit_once('.').expect("an ending");
        let (layer, name) = match name.strip_prefix("blk.").and_then(|rest| rest.split_once('.')) {
            Some((layer, name)) => (format!("model.layers.{layer}."), name),
            None => (String::new(), name),
        };
        let found = names.iter().chain(DECODER).find(|(gguf, _)| *gguf == name);
        let found = found.unwrap_or_else(|| panic!("{model_type}: {}", tensor.name)).1;
        let found = format!("{layer}{found}.{ending}");
        let mut weights = dequantised(tensor.kind, bytes);
        let heads = match name {
            "attn_q" => Some(heads),
            "attn_k" => Some(kv_heads),
            _ => None,
        };
        if let (true, Some(heads)) = (*paired, heads) {
            let row_length = if ending == "weight" { tensor.shape[0] } else { 1 };
            let rows: Vec<&[f32]> = weights.chunks(row_length as usize).collect();
            let (head, half) = (rows.len() / heads as usize, rows.len() / heads as usize / 2);
            let from = |row: usize| row / head * head + row % half * 2 + row % head / half;
            weights = (0..rows.len()).flat_map(|row| rows[from(row)]).copied().collect();
        }
        if *add_one && name.ends_with("norm") {
            weights.iter_mut().for_each(|weight| *weight -= 1.0);
        }
        let mut shape: Vec<u64> = tensor.shape.iter().rev().copied().collect();
        if name == "shortconv.conv" {
            shape.insert(1, 1);
        }
        let bytes: Vec<u8> = weights.iter().flat_map(|weight| weight.to_le_bytes()).collect();
        if shape.len() == 3 && name.ends_with("_exps") {
            let expert = bytes.len() / shape[0] as usize;
            // In reverse, so that the order of the file isn't that of the experts.
            for (number, bytes) in bytes.chunks(expert).enumerate().rev() {
                writer = writer.tensor(&found.replace("{}", &number.to_string()), "F32", &shape[1..], bytes);
            }
        } else {
            writer = writer.tensor(&found, "F32", &shape, &bytes);
        }
    }
    Files::from([
        ("config.json".to_owned(), config.to_string().into_bytes()),
        ("model.safetensors".to_owned(), writer.finish()),
    ])
}

fn load(device: &Device, files: &Files, options: &EngineOptions) -> Result<Engine> {
    load_files(device, "config.json", (100_000, options), |name| files.get(name).cloned())
}

#[test]
fn every_architecture_answers_from_a_folder_as_from_gguf() {
    let prompt: Vec<u32> = (0..40).map(|place| place * 37 % 61).collect();
    let Some(device) = adapters().first() else { return };
    let options = EngineOptions { activations: Activations::Float, ..EngineOptions::default() };
    let mut wrong = Vec::new();
    for case in cases() {
        let bytes = fs::read(named(case.0).path()).expect("it is readable");
        let file = read_in_pieces(&bytes, usize::MAX).expect("a valid file");
        let from_gguf = load_bytes(device, &bytes, 1 << 20, &options).expect("it loads");
        let error = load(device, &folder(&file, &case), &options)
            .map(|from_folder| normalised_error(&logits(&from_folder, &prompt), &logits(&from_gguf, &prompt)));
        match error {
            Ok(error) if error < 1e-3 => {}
            other => wrong.push(format!("{}: {other:?}", case.0)),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
