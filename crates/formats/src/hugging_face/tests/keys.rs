//! Keys and rope factors made from config.json.

use serde_json::{Value as Json, json};

use super::super::rope::Factors;
use super::{config, read};
use crate::gguf::{Array, Value};

/// Checks the keys that `config` becomes, given without the architecture's prefix; returns the rope factors.
fn check(config: &Json, architecture: &str, expected: &[(&str, Value)], absent: &[&str]) -> Vec<Factors> {
    let (_, metadata, factors) = read(config).unwrap_or_else(|error| panic!("{architecture}: {error}"));
    assert_eq!(metadata.get("general.architecture"), Some(&Value::String(architecture.to_owned())));
    let full = |key: &str| if key.starts_with("tokenizer.") { key.to_owned() } else { format!("{architecture}.{key}") };
    for (key, value) in expected {
        assert_eq!(metadata.get(&full(key)), Some(value), "{architecture}: {key}");
    }
    for key in absent {
        assert_eq!(metadata.get(&full(key)), None, "{architecture}: {key}");
    }
    factors
}

fn count(value: u64) -> Value {
    Value::U64(value)
}

fn number(value: f64) -> Value {
    Value::F64(value)
}

#[test]
fn what_all_decoders_share_has_ggufs_keys() {
    for (name, architecture) in [
        ("llama", "llama"),
        ("mistral", "llama"),
        ("qwen2", "qwen2"),
        ("qwen3", "qwen3"),
        ("smollm3", "smollm3"),
        ("granite", "granite"),
        ("olmo2", "olmo2"),
    ] {
        let expected = [
            ("block_count", count(2)),
            ("context_length", count(2048)),
            ("embedding_length", count(256)),
            ("feed_forward_length", count(512)),
            ("attention.head_count", count(4)),
            ("attention.head_count_kv", count(2)),
            ("attention.layer_norm_rms_epsilon", number(1e-6)),
            ("rope.dimension_count", count(64)),
            ("rope.freq_base", number(10_000.0)),
            ("vocab_size", count(320)),
        ];
        let absent = ["attention.key_length", "rope.scaling.type", "attention.sliding_window", "expert_count"];
        let factors = check(&config(name, &json!({ "head_dim": null })), architecture, &expected, &absent);
        assert_eq!(factors, []);
    }
}

#[test]
fn each_kind_has_its_own_keys() {
    check(
        &config("qwen3", &json!({ "head_dim": 128 })),
        "qwen3",
        &[
            ("attention.key_length", count(128)),
            ("attention.value_length", count(128)),
            ("rope.dimension_count", count(128)),
        ],
        &[],
    );
    check(
        &config(
            "qwen3_moe",
            &json!({ "num_experts": 8, "num_experts_per_tok": 2, "moe_intermediate_size": 64, "head_dim": 64 }),
        ),
        "qwen3moe",
        &[("expert_count", count(8)), ("expert_used_count", count(2)), ("expert_feed_forward_length", count(64))],
        &[],
    );
    check(
        &config(
            "gemma2",
            &json!({
                "head_dim": 64, "attn_logit_softcapping": 50.0, "final_logit_softcapping": 30.0, "sliding_window": 16,
            }),
        ),
        "gemma2",
        &[
            ("attn_logit_softcapping", number(50.0)),
            ("final_logit_softcapping", number(30.0)),
            ("attention.sliding_window", count(16)),
            ("attention.key_length", count(64)),
        ],
        &[],
    );
    check(
        &config(
            "granite",
            &json!({
                "head_dim": 32, "attention_multiplier": 0.015_625, "embedding_multiplier": 12, "residual_multiplier": 0.22,
                "logits_scaling": 8.0,
            }),
        ),
        "granite",
        &[
            ("attention.scale", number(0.015_625)),
            ("embedding_scale", number(12.0)),
            ("residual_scale", number(0.22)),
            ("logit_scale", number(8.0)),
            ("rope.dimension_count", count(64)),
        ],
        &["attention.key_length"],
    );
    check(
        &config("starcoder2", &json!({ "norm_epsilon": 1e-5, "rms_norm_eps": null })),
        "starcoder2",
        &[("attention.layer_norm_epsilon", number(1e-5))],
        &["attention.layer_norm_rms_epsilon"],
    );
    check(
        &config(
            "gpt_oss",
            &json!({
                "head_dim": 64, "num_local_experts": 4, "num_experts_per_tok": 2, "sliding_window": 16,
                "rope_scaling": { "rope_type": "yarn", "factor": 32.0, "beta_fast": 32.0, "beta_slow": 1.0,
                    "original_max_position_embeddings": 4096, "truncate": false },
            }),
        ),
        "gpt-oss",
        &[
            ("attention.sliding_window", count(16)),
            ("expert_count", count(4)),
            ("expert_feed_forward_length", count(512)),
            ("rope.scaling.type", Value::String("yarn".to_owned())),
            ("rope.scaling.factor", number(32.0)),
            ("rope.scaling.original_context_length", count(4096)),
            ("rope.scaling.yarn_beta_fast", number(32.0)),
        ],
        &["rope.scaling.yarn_attn_factor"],
    );
    let window = |window: Json| config("mistral", &json!({ "sliding_window": window }));
    check(&window(json!(4096)), "llama", &[("attention.sliding_window", count(4096))], &[]);
    check(&window(json!(null)), "llama", &[], &["attention.sliding_window"]);
    let slides = json!(["sliding_attention", "full_attention"]);
    check(
        &config("olmo2", &json!({ "sliding_window": 16, "layer_types": slides })),
        "olmo2",
        &[
            ("attention.sliding_window", count(16)),
            ("attention.sliding_window_pattern", Value::Array(Array::Bool(vec![true, false]))),
        ],
        &[],
    );
}

#[test]
fn the_activation_is_that_of_hidden_act() {
    let activation = |name: &str| [("hidden_activation", Value::String(name.to_owned()))];
    check(&config("llama", &json!({ "hidden_act": "gelu" })), "llama", &activation("gelu"), &[]);
    let both = json!({ "hidden_act": "gelu", "hidden_activation": "gelu_pytorch_tanh" });
    check(&config("gemma2", &both), "gemma2", &activation("gelu_pytorch_tanh"), &[]);
    let nomic = json!({ "activation_function": "swiglu" });
    check(&config("nomic_bert", &nomic), "nomic-bert", &activation("swiglu"), &[]);
    check(&config("llama", &json!({ "hidden_act": null })), "llama", &[], &["hidden_activation"]);
}

#[test]
fn what_gemma_3_takes_for_granted_is_written_out() {
    let small = json!({ "model_type": "gemma3_text", "num_hidden_layers": 26, "hidden_size": 1152, "intermediate_size": 6912,
        "vocab_size": 262_144, "sliding_window": 512, "sliding_window_pattern": 6, "rope_local_base_freq": 10_000,
        "rope_scaling": { "rope_type": "linear", "factor": 8.0 } });
    check(
        &small,
        "gemma3",
        &[
            ("context_length", count(131_072)),
            ("attention.head_count", count(8)),
            ("attention.head_count_kv", count(4)),
            ("attention.layer_norm_rms_epsilon", number(1e-6)),
            ("attention.key_length", count(256)),
            ("attention.sliding_window", count(512)),
            ("rope.freq_base", number(1e6)),
            ("rope.freq_base_swa", number(10_000.0)),
            ("rope.scaling.factor", number(8.0)),
        ],
        &["final_logit_softcapping"],
    );
    // Newer versions of Hugging Face's library write it like this.
    let newer = json!({ "rope_theta": null, "rope_parameters": {
        "full_attention": { "rope_type": "default", "rope_theta": 1e6 },
        "sliding_attention": { "rope_type": "default", "rope_theta": 20_000.0 } } });
    let expected = [("rope.freq_base", number(1e6)), ("rope.freq_base_swa", number(20_000.0))];
    check(&config("gemma3_text", &newer), "gemma3", &expected, &["rope.scaling.type"]);
}

#[test]
fn lfm2_mixes_convolutions_and_attention() {
    let more = json!({ "norm_eps": 1e-5, "rms_norm_eps": null, "conv_L_cache": 3, "layer_types": ["conv", "full_attention"],
        "block_ff_dim": 6656, "block_auto_adjust_ff_dim": true, "block_ffn_dim_multiplier": 1.0, "block_multiple_of": 256 });
    let heads = Value::Array(Array::I64(vec![0, 2]));
    let expected = [
        ("attention.head_count_kv", heads.clone()),
        ("shortconv.l_cache", count(3)),
        // 2/3 of 6656, rounded up to 256.
        ("feed_forward_length", count(4608)),
        ("attention.layer_norm_rms_epsilon", number(1e-5)),
    ];
    check(&config("lfm2", &more), "lfm2", &expected, &[]);
    let older =
        json!({ "conv_L_cache": 3, "full_attn_idxs": [1], "block_ff_dim": 512, "block_auto_adjust_ff_dim": false });
    check(
        &config("lfm2", &older),
        "lfm2",
        &[("attention.head_count_kv", heads), ("feed_forward_length", count(512))],
        &[],
    );
}

#[test]
fn encoders_see_both_sides() {
    let bert = json!({ "model_type": "bert", "num_hidden_layers": 2, "max_position_embeddings": 512, "hidden_size": 64,
        "intermediate_size": 128, "num_attention_heads": 4, "layer_norm_eps": 1e-12, "vocab_size": 100, "type_vocab_size": 2 });
    let expected = [
        ("attention.causal", Value::Bool(false)),
        ("attention.layer_norm_epsilon", number(1e-12)),
        ("context_length", count(512)),
        ("tokenizer.ggml.token_type_count", count(2)),
    ];
    check(&bert, "bert", &expected, &["rope.dimension_count", "rope.freq_base"]);
    let nomic = json!({ "model_type": "nomic_bert", "n_layer": 2, "n_positions": 8192, "n_embd": 64, "n_inner": 128, "n_head": 4,
        "layer_norm_epsilon": 1e-12, "rotary_emb_base": 1000, "vocab_size": 100, "type_vocab_size": 2 });
    let expected = [
        ("context_length", count(2048)),
        ("embedding_length", count(64)),
        ("feed_forward_length", count(128)),
        ("rope.freq_base", number(1000.0)),
        ("attention.causal", Value::Bool(false)),
    ];
    check(&nomic, "nomic-bert", &expected, &[]);
}

#[test]
fn factors_of_frequencies_become_tensors() {
    let llama3 = json!({ "rope_theta": 500_000.0, "rope_scaling": { "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0,
        "high_freq_factor": 4.0, "original_max_position_embeddings": 8192 } });
    let factors = check(&config("llama", &llama3), "llama", &[], &["rope.scaling.type"]);
    assert_eq!((factors.len(), factors[0].name, factors[0].values.len()), (1, "rope_freqs.weight", 32));
    // Short waves stay, long ones are stretched, and those between never shrink.
    assert_eq!((factors[0].values[0], factors[0].values[31]), (1.0, 8.0));
    assert!(factors[0].values.is_sorted(), "{:?}", factors[0].values);

    let list = |value: f64| vec![value; 32];
    let phi3 = json!({ "max_position_embeddings": 131_072, "original_max_position_embeddings": 4096, "sliding_window": null,
        "rope_scaling": { "type": "longrope", "long_factor": list(2.0), "short_factor": list(1.5) } });
    let expected = [
        ("rope.scaling.original_context_length", count(4096)),
        ("rope.scaling.attn_factor", number((1.0 + 32_f64.ln() / 4096_f64.ln()).sqrt())),
        ("attention.sliding_window", count(0)),
    ];
    let factors = check(&config("phi3", &phi3), "phi3", &expected, &[]);
    let names: Vec<_> = factors.iter().map(|factor| (factor.name, factor.values[0])).collect();
    assert_eq!(names, [("rope_factors_long.weight", 2.0), ("rope_factors_short.weight", 1.5)]);
    let part = json!({ "original_max_position_embeddings": 4096, "partial_rotary_factor": 0.5 });
    check(&config("phi3", &part), "phi3", &[("rope.dimension_count", count(32))], &["rope.scaling.attn_factor"]);
}
