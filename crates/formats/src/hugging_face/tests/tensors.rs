//! Tensor names, stacked experts and rewritten bytes.

use serde_json::{Value as Json, json};

use super::super::assemble;
use super::super::model_types::{MODEL_TYPES, ModelType};
use super::super::names::{Fate, fate};
use super::{config, read};
use crate::Result;
use crate::gguf::TensorType;
use crate::layout::Rewrite;
use crate::safetensors::Entry;

fn model(name: &str) -> &'static ModelType {
    MODEL_TYPES.iter().find(|model| model.name == name).unwrap_or_else(|| panic!("{name} is a kind of model"))
}

#[test]
fn tensors_have_ggufs_names() {
    for (kind, from, to) in [
        ("llama", "model.embed_tokens.weight", "token_embd.weight"),
        ("llama", "model.norm.weight", "output_norm.weight"),
        ("llama", "lm_head.weight", "output.weight"),
        ("mistral", "model.layers.31.self_attn.o_proj.weight", "blk.31.attn_output.weight"),
        ("llama", "model.layers.0.post_attention_layernorm.weight", "blk.0.ffn_norm.weight"),
        ("qwen2", "model.layers.1.self_attn.q_proj.bias", "blk.1.attn_q.bias"),
        ("qwen3", "model.layers.1.self_attn.k_norm.weight", "blk.1.attn_k_norm.weight"),
        ("qwen3_moe", "model.layers.1.mlp.gate.weight", "blk.1.ffn_gate_inp.weight"),
        ("gemma2", "model.layers.1.post_attention_layernorm.weight", "blk.1.post_attention_norm.weight"),
        ("gemma2", "model.layers.1.pre_feedforward_layernorm.weight", "blk.1.ffn_norm.weight"),
        ("gemma3_text", "model.layers.1.post_feedforward_layernorm.weight", "blk.1.post_ffw_norm.weight"),
        ("gemma3_text", "model.layers.1.self_attn.q_norm.weight", "blk.1.attn_q_norm.weight"),
        ("phi3", "model.layers.1.self_attn.qkv_proj.weight", "blk.1.attn_qkv.weight"),
        ("phi3", "model.layers.1.mlp.gate_up_proj.weight", "blk.1.ffn_up.weight"),
        ("smollm3", "model.layers.1.mlp.down_proj.weight", "blk.1.ffn_down.weight"),
        ("granite", "model.layers.1.input_layernorm.weight", "blk.1.attn_norm.weight"),
        ("olmo2", "model.layers.1.post_attention_layernorm.weight", "blk.1.post_attention_norm.weight"),
        ("olmo2", "model.layers.1.post_feedforward_layernorm.weight", "blk.1.post_ffw_norm.weight"),
        ("starcoder2", "model.layers.1.mlp.c_fc.bias", "blk.1.ffn_up.bias"),
        ("starcoder2", "model.norm.bias", "output_norm.bias"),
        ("lfm2", "model.embedding_norm.weight", "token_embd_norm.weight"),
        ("lfm2", "model.layers.0.conv.conv.weight", "blk.0.shortconv.conv.weight"),
        ("lfm2", "model.layers.0.operator_norm.weight", "blk.0.attn_norm.weight"),
        ("lfm2", "model.layers.0.feed_forward.w3.weight", "blk.0.ffn_up.weight"),
        ("gpt_oss", "model.layers.0.self_attn.sinks", "blk.0.attn_sinks.weight"),
        ("gpt_oss", "model.layers.0.mlp.router.bias", "blk.0.ffn_gate_inp.bias"),
        ("bert", "embeddings.LayerNorm.gamma", "token_embd_norm.weight"),
        ("bert", "bert.encoder.layer.3.attention.output.LayerNorm.beta", "blk.3.attn_output_norm.bias"),
        ("bert", "encoder.layer.3.output.dense.weight", "blk.3.ffn_down.weight"),
        ("nomic_bert", "embeddings.word_embeddings.weight", "token_embd.weight"),
        ("nomic_bert", "encoder.layers.3.attn.Wqkv.weight", "blk.3.attn_qkv.weight"),
        ("nomic_bert", "encoder.layers.3.mlp.fc12.weight", "blk.3.ffn_gate.weight"),
        ("nomic_bert", "emb_ln.weight", "token_embd_norm.weight"),
    ] {
        assert_eq!(fate(model(kind), false, from), Fate::Whole(to.to_owned()), "{kind}: {from}");
    }
    let expert = Fate::Expert("blk.4.ffn_up_exps.weight".to_owned(), 17);
    assert_eq!(fate(model("qwen3_moe"), false, "model.layers.4.mlp.experts.17.up_proj.weight"), expert);
    for (kind, tied, name, expected) in [
        ("llama", true, "lm_head.weight", Fate::LeftOut),
        ("llama", false, "model.layers.0.self_attn.rotary_emb.inv_freq", Fate::LeftOut),
        ("bert", false, "bert.pooler.dense.weight", Fate::LeftOut),
        ("bert", false, "embeddings.position_ids", Fate::LeftOut),
        ("bert", false, "cls.predictions.bias", Fate::LeftOut),
        ("qwen3", false, "mtp.layers.0.input_layernorm.weight", Fate::NotRun),
        ("qwen2", false, "visual.blocks.0.attn.qkv.weight", Fate::NotRun),
        ("gemma3_text", false, "model.vision_tower.head.weight", Fate::NotRun),
        ("llama", false, "model.layers.0.self_attn.sinks", Fate::Unknown),
        ("llama", false, "model.layers.00.input_layernorm.weight", Fate::Unknown),
        ("qwen2", false, "", Fate::Unknown),
    ] {
        assert_eq!(fate(model(kind), tied, name), expected, "{kind}: {name}");
    }
}

/// A tensor of BF16.
fn entry(name: &str, shape: &[u64]) -> Entry {
    let bytes = 2 * shape.iter().product::<u64>();
    Entry { name: name.to_owned(), dtype: "BF16".to_owned(), shape: shape.to_vec(), offset: 0, bytes }
}

fn assembled(config: &Json, files: &[(&str, &[Entry])]) -> Result<assemble::Tensors> {
    let (model, metadata, _) = read(config)?;
    assemble::tensors(model, model.tied_head, &metadata, files)
}

#[test]
fn experts_are_put_together_across_files() {
    let config =
        config("qwen3_moe", &json!({ "num_experts": 3, "num_experts_per_tok": 2, "moe_intermediate_size": 64 }));
    let expert = |number: u32| entry(&format!("model.layers.0.mlp.experts.{number}.up_proj.weight"), &[64, 256]);
    let (first, second) = ([expert(2), entry("model.norm.weight", &[256]), expert(0)], [expert(1)]);
    let all = assembled(&config, &[("a", &first), ("b", &second)]).expect("all experts are there");
    let stack = &all.tensors[0];
    assert_eq!((stack.name.as_str(), stack.shape.as_slice()), ("blk.0.ffn_up_exps.weight", &[256, 64, 3][..]));
    assert_eq!((stack.kind, stack.bytes), (TensorType::BF16, 3 * 64 * 256 * 2));
    let places: Vec<_> = all.pieces.iter().flatten().map(|piece| (piece.tensor, piece.offset)).collect();
    assert_eq!(places, [(Some(0), 65_536), (Some(1), 0), (Some(0), 0), (Some(0), 32_768)]);

    let refused = |entries: &[Entry]| assembled(&config, &[("a", entries)]).err().map(|error| error.code());
    assert_eq!(refused(&[expert(0), expert(2)]), Some("missing-tensor"));
    assert_eq!(refused(&[expert(3)]), Some("invalid-safetensors"));
    assert_eq!(refused(&[expert(0), expert(0), expert(1), expert(2)]), Some("invalid-safetensors"));
    assert_eq!(
        refused(&[entry("model.norm.weight", &[256]), entry("model.norm.weight", &[256])]),
        Some("invalid-safetensors")
    );
    let other = entry("model.layers.0.mlp.experts.1.up_proj.weight", &[32, 256]);
    assert_eq!(refused(&[expert(0), other, expert(2)]), Some("invalid-safetensors"));
}

#[test]
fn rows_pair_up_and_norms_grow_where_gguf_has_them_so() {
    let rewrites = |kind: &str, entries: &[Entry]| {
        let all = assembled(&config(kind, &json!({})), &[("a", entries)]).expect("it fits");
        all.pieces[0].iter().map(|piece| piece.rewrite).collect::<Vec<_>>()
    };
    let attention = [
        entry("model.layers.0.self_attn.q_proj.weight", &[256, 256]),
        entry("model.layers.0.self_attn.k_proj.weight", &[128, 256]),
        entry("model.layers.0.self_attn.k_proj.bias", &[128]),
        entry("model.layers.0.self_attn.v_proj.weight", &[128, 256]),
    ];
    let pairs = |row_bytes| Rewrite::PairRows { rows: 64, row_bytes };
    for kind in ["llama", "mistral", "smollm3", "granite"] {
        assert_eq!(rewrites(kind, &attention), [pairs(512), pairs(512), pairs(2), Rewrite::None], "{kind}");
    }
    for kind in ["qwen2", "qwen3", "gemma2", "gemma3_text", "olmo2", "starcoder2"] {
        assert_eq!(rewrites(kind, &attention), [Rewrite::None; 4], "{kind}");
    }
    let norm = [entry("model.layers.0.input_layernorm.weight", &[256])];
    for kind in ["gemma2", "gemma3_text"] {
        assert_eq!(rewrites(kind, &norm), [Rewrite::AddOne { kind: TensorType::BF16, bytes: 512 }], "{kind}");
        let all = assembled(&config(kind, &json!({})), &[("a", &norm)]).expect("it fits");
        assert_eq!((all.tensors[0].kind, all.tensors[0].bytes), (TensorType::F32, 1024));
    }
    assert_eq!(rewrites("llama", &norm), [Rewrite::None]);
}

#[test]
fn what_cannot_be_read_from_safetensors_is_named() {
    let gpt = config("gpt_oss", &json!({ "sliding_window": 16 }));
    for name in ["gate_up_proj_blocks", "down_proj_scales", "gate_up_proj"] {
        let entries = [entry(&format!("model.layers.0.mlp.experts.{name}"), &[4, 2])];
        let error = assembled(&gpt, &[("a", &entries)]).err().expect("it is refused");
        assert!(error.code() == "unsupported-safetensors" && error.to_string().contains(name), "{error}");
    }
    let convolution = [entry("model.layers.0.conv.conv.weight", &[256, 1, 3])];
    let lfm2 = config("lfm2", &json!({ "conv_L_cache": 3, "full_attn_idxs": [1] }));
    let all = assembled(&lfm2, &[("a", &convolution)]).expect("it fits");
    assert_eq!(all.tensors[0].shape, [3, 256]);
}
