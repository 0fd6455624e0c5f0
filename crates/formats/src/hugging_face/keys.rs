//! Converts config.json to GGUF's metadata keys.

use super::config::{Config, invalid, lacks};
use super::model_types::{MODEL_TYPES, ModelType};
use super::rope;
use crate::gguf::{Metadata, Value};
use crate::{Error, Result};

/// A value of config.json and its key in GGUF, without the architecture's prefix.
pub(super) struct Key {
    pub(super) gguf: &'static str,
    /// The value's names in config.json; the first that is present counts.
    pub(super) config: &'static [&'static str],
    pub(super) kind: Kind,
    pub(super) absent: Absent,
}

pub(super) enum Kind {
    Count,
    Number,
}

/// The treatment of a key that config.json lacks.
pub(super) enum Absent {
    /// Refuses the model, which needs the key.
    Refused,
    /// Leaves the key out, so that the default of GGUF's reader applies.
    Left,
    /// Uses this default of Hugging Face's code.
    Taken(f64),
}

const fn key(gguf: &'static str, config: &'static [&'static str], kind: Kind, absent: Absent) -> Key {
    Key { gguf, config, kind, absent }
}

pub(super) const fn count(gguf: &'static str, config: &'static [&'static str]) -> Key {
    key(gguf, config, Kind::Count, Absent::Left)
}

pub(super) const fn number(gguf: &'static str, config: &'static [&'static str]) -> Key {
    key(gguf, config, Kind::Number, Absent::Left)
}

impl Key {
    /// Makes the key required.
    pub(super) const fn required(mut self) -> Self {
        self.absent = Absent::Refused;
        self
    }

    /// Gives the key a default.
    pub(super) const fn or(mut self, value: f64) -> Self {
        self.absent = Absent::Taken(value);
        self
    }

    fn value(&self, config: &Config) -> Result<Option<Value>> {
        let value = match self.kind {
            Kind::Count => config.count(self.config)?.map(Value::U64),
            Kind::Number => config.number(self.config)?.map(Value::F64),
        };
        match (value, &self.absent) {
            (Some(value), _) => Ok(Some(value)),
            (None, Absent::Left) => Ok(None),
            (None, Absent::Refused) => Err(lacks(self.config)),
            (None, Absent::Taken(value)) => Ok(Some(match self.kind {
                Kind::Count => Value::U64(*value as u64),
                Kind::Number => Value::F64(*value),
            })),
        }
    }
}

pub(super) const HEADS: &[&str] = &["num_attention_heads", "n_head"];
pub(super) const KV_HEADS: &[&str] = &["num_key_value_heads"];
pub(super) const WIDTH: &[&str] = &["hidden_size", "n_embd"];
pub(super) const LAYERS: &[&str] = &["num_hidden_layers", "n_layer"];

/// The keys of every kind of model; a kind's own keys of the same name take precedence.
const COMMON: &[Key] = &[
    count("block_count", LAYERS).required(),
    count("context_length", &["max_position_embeddings", "n_positions"]).required(),
    count("embedding_length", WIDTH).required(),
    count("feed_forward_length", &["intermediate_size", "n_inner"]).required(),
    count("attention.head_count", HEADS).required(),
    count("attention.head_count_kv", KV_HEADS),
    count("vocab_size", &["vocab_size"]).required(),
    number("attention.layer_norm_rms_epsilon", &["rms_norm_eps", "norm_eps"]),
    number("attention.layer_norm_epsilon", &["layer_norm_eps", "layer_norm_epsilon", "norm_epsilon"]),
    count("expert_count", &["num_local_experts", "num_experts"]),
    count("expert_used_count", &["num_experts_per_tok", "num_experts_per_token"]),
];

/// The kind of model that config.json's `model_type` names.
///
/// # Errors
/// [`Error::UnsupportedArchitecture`] names the supported ones.
pub(super) fn model_type(config: &Config) -> Result<&'static ModelType> {
    let name = config.text("model_type")?.ok_or_else(|| lacks(&["model_type"]))?;
    MODEL_TYPES.iter().find(|model| model.name == name).ok_or_else(|| Error::UnsupportedArchitecture {
        architecture: name,
        supported: MODEL_TYPES.iter().map(|model| model.name).collect::<Vec<_>>().join(", "),
    })
}

/// The model's metadata, and the rope factors that GGUF stores as tensors and config.json as numbers.
pub(super) fn metadata(model: &ModelType, config: &Config) -> Result<(Metadata, Vec<rope::Factors>)> {
    if config.get(&["quantization_config"]).is_some() {
        return Err(invalid(
            "its weights are quantised, which can't be run; give the original model or a GGUF file".to_owned(),
        ));
    }
    let mut metadata = Metadata::default();
    metadata.insert("general.architecture", Value::String(model.architecture.to_owned()));
    if let Some(name) = config.text("_name_or_path")? {
        let name = name.rsplit('/').next().unwrap_or_default();
        metadata.insert("general.name", Value::String(name.to_owned()));
    }
    let full = |key: &str| format!("{}.{key}", model.architecture);
    for key in model.keys.iter().chain(COMMON) {
        let name = full(key.gguf);
        if metadata.get(&name).is_none()
            && let Some(value) = key.value(config)?
        {
            metadata.insert(name, value);
        }
    }
    for name in ["hidden_activation", "hidden_act", "activation_function"] {
        if let Some(activation) = config.text(name)? {
            metadata.insert(full("hidden_activation"), Value::String(activation));
            break;
        }
    }
    let mut set = |key: &str, value: Value| {
        let key = if key.starts_with("tokenizer.") { key.to_owned() } else { full(key) };
        metadata.insert(key, value);
    };
    let mut factors = Vec::new();
    if model.rotates {
        let rope = rope::Rope::of(model, config)?;
        if let Some(width) = rope.head_width {
            set("attention.key_length", Value::U64(width));
            set("attention.value_length", Value::U64(width));
        }
        factors = rope.write(&mut set)?;
    }
    (model.special)(config, &mut set)?;
    Ok((metadata, factors))
}
