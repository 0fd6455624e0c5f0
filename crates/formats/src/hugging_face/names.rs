//! Maps Hugging Face's tensor names to GGUF's.
//!
//! Source: <https://github.com/ggml-org/llama.cpp/blob/master/gguf-py/gguf/tensor_mapping.py>.

use super::model_types::ModelType;

/// Hugging Face's and GGUF's names, without `.weight` and `.bias`, which both have. The first `{}` stands for the number of the
/// layer, the second for that of the expert.
pub(super) type Names = &'static [(&'static str, &'static str)];

/// The names of models that generate text.
pub(super) const DECODER: Names = &[
    ("model.embed_tokens", "token_embd"),
    ("model.norm", "output_norm"),
    ("lm_head", "output"),
    ("model.layers.{}.input_layernorm", "blk.{}.attn_norm"),
    ("model.layers.{}.post_attention_layernorm", "blk.{}.ffn_norm"),
    ("model.layers.{}.self_attn.q_proj", "blk.{}.attn_q"),
    ("model.layers.{}.self_attn.k_proj", "blk.{}.attn_k"),
    ("model.layers.{}.self_attn.v_proj", "blk.{}.attn_v"),
    ("model.layers.{}.self_attn.o_proj", "blk.{}.attn_output"),
    ("model.layers.{}.self_attn.q_norm", "blk.{}.attn_q_norm"),
    ("model.layers.{}.self_attn.k_norm", "blk.{}.attn_k_norm"),
    ("model.layers.{}.mlp.gate_proj", "blk.{}.ffn_gate"),
    ("model.layers.{}.mlp.up_proj", "blk.{}.ffn_up"),
    ("model.layers.{}.mlp.down_proj", "blk.{}.ffn_down"),
];

pub(super) const GEMMA: Names = &[
    ("model.layers.{}.post_attention_layernorm", "blk.{}.post_attention_norm"),
    ("model.layers.{}.pre_feedforward_layernorm", "blk.{}.ffn_norm"),
    ("model.layers.{}.post_feedforward_layernorm", "blk.{}.post_ffw_norm"),
];

pub(super) const OLMO2: Names = &[
    ("model.layers.{}.post_attention_layernorm", "blk.{}.post_attention_norm"),
    ("model.layers.{}.post_feedforward_layernorm", "blk.{}.post_ffw_norm"),
];

pub(super) const PHI3: Names = &[
    ("model.layers.{}.self_attn.qkv_proj", "blk.{}.attn_qkv"),
    // Gate and up in one matrix, in this order.
    ("model.layers.{}.mlp.gate_up_proj", "blk.{}.ffn_up"),
];

pub(super) const STARCODER2: Names =
    &[("model.layers.{}.mlp.c_fc", "blk.{}.ffn_up"), ("model.layers.{}.mlp.c_proj", "blk.{}.ffn_down")];

pub(super) const QWEN3_MOE: Names = &[
    ("model.layers.{}.mlp.gate", "blk.{}.ffn_gate_inp"),
    ("model.layers.{}.mlp.experts.{}.gate_proj", "blk.{}.ffn_gate_exps"),
    ("model.layers.{}.mlp.experts.{}.up_proj", "blk.{}.ffn_up_exps"),
    ("model.layers.{}.mlp.experts.{}.down_proj", "blk.{}.ffn_down_exps"),
];

pub(super) const GPT_OSS: Names = &[
    ("model.layers.{}.post_attention_layernorm", "blk.{}.post_attention_norm"),
    ("model.layers.{}.self_attn.sinks", "blk.{}.attn_sinks"),
    ("model.layers.{}.mlp.router", "blk.{}.ffn_gate_inp"),
];

pub(super) const LFM2: Names = &[
    ("model.embedding_norm", "token_embd_norm"),
    ("model.layers.{}.operator_norm", "blk.{}.attn_norm"),
    ("model.layers.{}.ffn_norm", "blk.{}.ffn_norm"),
    ("model.layers.{}.self_attn.out_proj", "blk.{}.attn_output"),
    ("model.layers.{}.self_attn.q_layernorm", "blk.{}.attn_q_norm"),
    ("model.layers.{}.self_attn.k_layernorm", "blk.{}.attn_k_norm"),
    ("model.layers.{}.conv.conv", "blk.{}.shortconv.conv"),
    ("model.layers.{}.conv.in_proj", "blk.{}.shortconv.in_proj"),
    ("model.layers.{}.conv.out_proj", "blk.{}.shortconv.out_proj"),
    ("model.layers.{}.feed_forward.w1", "blk.{}.ffn_gate"),
    ("model.layers.{}.feed_forward.w3", "blk.{}.ffn_up"),
    ("model.layers.{}.feed_forward.w2", "blk.{}.ffn_down"),
];

pub(super) const BERT: Names = &[
    ("embeddings.word_embeddings", "token_embd"),
    ("embeddings.token_type_embeddings", "token_types"),
    ("embeddings.position_embeddings", "position_embd"),
    ("embeddings.LayerNorm", "token_embd_norm"),
    ("encoder.layer.{}.attention.self.query", "blk.{}.attn_q"),
    ("encoder.layer.{}.attention.self.key", "blk.{}.attn_k"),
    ("encoder.layer.{}.attention.self.value", "blk.{}.attn_v"),
    ("encoder.layer.{}.attention.output.dense", "blk.{}.attn_output"),
    ("encoder.layer.{}.attention.output.LayerNorm", "blk.{}.attn_output_norm"),
    ("encoder.layer.{}.intermediate.dense", "blk.{}.ffn_up"),
    ("encoder.layer.{}.output.dense", "blk.{}.ffn_down"),
    ("encoder.layer.{}.output.LayerNorm", "blk.{}.layer_output_norm"),
];

pub(super) const NOMIC_BERT: Names = &[
    ("emb_ln", "token_embd_norm"),
    ("encoder.layers.{}.attn.Wqkv", "blk.{}.attn_qkv"),
    ("encoder.layers.{}.attn.out_proj", "blk.{}.attn_output"),
    ("encoder.layers.{}.norm1", "blk.{}.attn_output_norm"),
    ("encoder.layers.{}.mlp.fc11", "blk.{}.ffn_up"),
    ("encoder.layers.{}.mlp.fc12", "blk.{}.ffn_gate"),
    ("encoder.layers.{}.mlp.fc2", "blk.{}.ffn_down"),
    ("encoder.layers.{}.norm2", "blk.{}.layer_output_norm"),
];

/// The starts and ends of the names of tensors that aren't needed: they can be computed, or belong to heads used in training.
const LEFT_OUT_STARTS: &[&str] = &["pooler.", "cls."];
const LEFT_OUT_ENDS: &[&str] = &[".rotary_emb.inv_freq", ".position_ids", ".masked_bias", ".attn.bias"];

/// The starts of the names of components that answers to text don't depend on.
const NOT_RUN_STARTS: &[&str] = &[
    "mtp.",
    "model.mtp.",
    "model.mtp_layers.",
    "visual.",
    "model.visual.",
    "vision_tower.",
    "model.vision_tower.",
    "multi_modal_projector.",
    "model.multi_modal_projector.",
];

/// The use of a Hugging Face tensor in the GGUF model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// The tensor of this GGUF name.
    Whole(String),
    /// The slice for this expert of the tensor of this GGUF name.
    Expert(String, u64),
    /// None, since the model runs without it.
    LeftOut,
    /// None, with a warning: it belongs to a component that isn't run and that answers to text don't depend on.
    NotRun,
    /// An unknown use, so the model is refused.
    Unknown,
}

/// The use of the tensor `name`.
pub(super) fn fate(model: &ModelType, tied_head: bool, name: &str) -> Fate {
    let name = name.strip_prefix("bert.").unwrap_or(name);
    if LEFT_OUT_STARTS.iter().any(|start| name.starts_with(start))
        || LEFT_OUT_ENDS.iter().any(|end| name.ends_with(end))
        || (tied_head && name == "lm_head.weight")
    {
        return Fate::LeftOut;
    }
    if NOT_RUN_STARTS.iter().any(|start| name.starts_with(start)) {
        return Fate::NotRun;
    }
    // `gamma` and `beta` are old names of a norm's tensors; one tensor has no ending.
    let (stem, ending) = match name.rsplit_once('.') {
        Some((stem, "weight" | "gamma")) => (stem, "weight"),
        Some((stem, "bias" | "beta")) => (stem, "bias"),
        _ => (name, "weight"),
    };
    let mut numbers = Vec::new();
    let pattern: Vec<&str> = stem
        .split('.')
        .map(|part| match part.parse::<u32>() {
            Ok(number) if number.to_string() == part => {
                numbers.push(number);
                "{}"
            }
            _ => part,
        })
        .collect();
    let pattern = pattern.join(".");
    let found = model.names.iter().flat_map(|names| names.iter()).find(|(from, _)| *from == pattern);
    let Some((_, to)) = found else { return Fate::Unknown };
    let layer = numbers.first().map(u32::to_string).unwrap_or_default();
    let to = format!("{}.{ending}", to.replace("{}", &layer));
    match numbers.get(1) {
        Some(expert) => Fate::Expert(to, u64::from(*expert)),
        None => Fate::Whole(to),
    }
}
