//! The supported kinds of models, as data.

use super::config::Config;
use super::keys::{Key, count, number};
use super::names::{BERT, DECODER, GEMMA, GPT_OSS, LFM2, NOMIC_BERT, Names, OLMO2, PHI3, QWEN3_MOE, STARCODER2};
use super::special::{self, Set};
use crate::Result;

/// A kind of model: a `model_type` of config.json.
pub(super) struct ModelType {
    /// The kind's name in config.json.
    pub(super) name: &'static str,
    /// The architecture's name in GGUF.
    pub(super) architecture: &'static str,
    /// The keys beyond the common ones.
    pub(super) keys: &'static [Key],
    /// Sets the keys that can't be described by a table.
    pub(super) special: fn(&Config, Set<'_>) -> Result<()>,
    /// The tables of tensor names, in the order in which they are searched.
    pub(super) names: &'static [Names],
    /// True if GGUF has the rows of queries and keys in pairs.
    pub(super) paired_rows: bool,
    /// True if norms multiply by their weights plus one.
    pub(super) norms_add_one: bool,
    /// True if the output head is always the embedding table.
    pub(super) tied_head: bool,
    /// True if the model makes embeddings, whose pooling sentence-transformers' files may describe.
    pub(super) embeds: bool,
    /// True if the model has rotary position embedding.
    pub(super) rotates: bool,
    /// The base of rope where config.json has none.
    pub(super) rope_base: Option<f64>,
    /// The width of a head where config.json has none and it isn't the model's width divided by the heads.
    pub(super) head_width: Option<u64>,
    /// True if `head_dim` is to be ignored.
    pub(super) ignores_head_width: bool,
}

/// The values that most kinds share.
const PLAIN: ModelType = ModelType {
    name: "",
    architecture: "",
    keys: &[],
    special: special::none,
    names: &[DECODER],
    paired_rows: false,
    norms_add_one: false,
    tied_head: false,
    embeds: false,
    rotates: true,
    rope_base: None,
    head_width: None,
    ignores_head_width: false,
};

const LLAMA: ModelType = ModelType { name: "llama", architecture: "llama", paired_rows: true, ..PLAIN };

pub(super) const MODEL_TYPES: &[ModelType] = &[
    LLAMA,
    ModelType { name: "mistral", keys: &[count("attention.sliding_window", &["sliding_window"])], ..LLAMA },
    ModelType { name: "qwen2", architecture: "qwen2", ..PLAIN },
    ModelType { name: "qwen3", architecture: "qwen3", ..PLAIN },
    ModelType {
        name: "qwen3_moe",
        architecture: "qwen3moe",
        keys: &[count("expert_feed_forward_length", &["moe_intermediate_size"]).required()],
        names: &[QWEN3_MOE, DECODER],
        ..PLAIN
    },
    ModelType {
        name: "gemma2",
        architecture: "gemma2",
        keys: &[
            number("attn_logit_softcapping", &["attn_logit_softcapping"]).or(50.0),
            number("final_logit_softcapping", &["final_logit_softcapping"]).or(30.0),
            count("attention.sliding_window", &["sliding_window"]).or(4096.0),
        ],
        names: &[GEMMA, DECODER],
        norms_add_one: true,
        tied_head: true,
        head_width: Some(256),
        ..PLAIN
    },
    ModelType {
        name: "gemma3_text",
        architecture: "gemma3",
        keys: &[
            count("context_length", &["max_position_embeddings"]).or(131_072.0),
            count("attention.head_count", &["num_attention_heads"]).or(8.0),
            count("attention.head_count_kv", &["num_key_value_heads"]).or(4.0),
            number("attention.layer_norm_rms_epsilon", &["rms_norm_eps"]).or(1e-6),
            number("final_logit_softcapping", &["final_logit_softcapping"]),
        ],
        special: special::gemma3,
        names: &[GEMMA, DECODER],
        norms_add_one: true,
        tied_head: true,
        rope_base: Some(1_000_000.0),
        head_width: Some(256),
        ..PLAIN
    },
    ModelType { name: "phi3", architecture: "phi3", special: special::phi3, names: &[PHI3, DECODER], ..PLAIN },
    ModelType { name: "smollm3", architecture: "smollm3", ..LLAMA },
    ModelType {
        name: "granite",
        architecture: "granite",
        keys: &[
            number("attention.scale", &["attention_multiplier"]),
            number("embedding_scale", &["embedding_multiplier"]),
            number("residual_scale", &["residual_multiplier"]),
            number("logit_scale", &["logits_scaling"]),
        ],
        ignores_head_width: true,
        ..LLAMA
    },
    ModelType { name: "olmo2", architecture: "olmo2", special: special::olmo2, names: &[OLMO2, DECODER], ..PLAIN },
    ModelType { name: "starcoder2", architecture: "starcoder2", names: &[STARCODER2, DECODER], ..PLAIN },
    ModelType {
        name: "lfm2",
        architecture: "lfm2",
        keys: &[
            count("shortconv.l_cache", &["conv_L_cache"]).required(),
            count("feed_forward_length", &["block_ff_dim", "intermediate_size"]).required(),
        ],
        special: special::lfm2,
        names: &[LFM2, DECODER],
        ..PLAIN
    },
    ModelType {
        name: "gpt_oss",
        architecture: "gpt-oss",
        keys: &[
            count("attention.sliding_window", &["sliding_window"]).required(),
            count("expert_feed_forward_length", &["intermediate_size"]).required(),
        ],
        names: &[GPT_OSS, DECODER],
        ..PLAIN
    },
    ModelType {
        name: "bert",
        architecture: "bert",
        special: special::bert,
        names: &[BERT],
        embeds: true,
        rotates: false,
        ..PLAIN
    },
    ModelType {
        name: "nomic_bert",
        architecture: "nomic-bert",
        special: special::nomic_bert,
        names: &[NOMIC_BERT, BERT],
        embeds: true,
        ..PLAIN
    },
];
