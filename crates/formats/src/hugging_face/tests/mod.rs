//! Every kind of model: the keys and names that llama.cpp's converter gives it.

mod folder;
mod keys;
mod sentence;
mod tensors;

use serde_json::{Value as Json, json};

use super::Folder;
use super::config::Config;
use super::keys::{metadata, model_type};
use super::model_types::ModelType;
use super::rope::Factors;
use crate::Result;
use crate::gguf::Metadata;
use crate::layout::{Headers as _, ModelHeader};

/// A config.json of a kind of model: shared values, and `more`.
fn config(model_type: &str, more: &Json) -> Json {
    let mut config = json!({
        "model_type": model_type,
        "num_hidden_layers": 2,
        "max_position_embeddings": 2048,
        "hidden_size": 256,
        "intermediate_size": 512,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "rms_norm_eps": 1e-6,
        "rope_theta": 10_000.0,
        "vocab_size": 320,
    });
    for (key, value) in more.as_object().expect("an object") {
        config[key] = value.clone();
    }
    config
}

fn read(config: &Json) -> Result<(&'static ModelType, Metadata, Vec<Factors>)> {
    let config = Config::parse("config.json", config.to_string().as_bytes())?;
    let model = model_type(&config)?;
    let (metadata, factors) = metadata(model, &config)?;
    Ok((model, metadata, factors))
}

/// The header of a folder that has these files and a safetensors file without tensors.
fn header_of(files: &[(&str, Vec<u8>)]) -> Result<ModelHeader> {
    let no_tensors = ("model.safetensors", [&2_u64.to_le_bytes()[..], b"{}"].concat());
    let mut folder = Folder::new();
    while let Some((file, _)) = folder.wanted() {
        let Some((_, bytes)) = files.iter().chain([&no_tensors]).find(|(name, _)| *name == file) else {
            folder.absent()?;
            continue;
        };
        let mut position = 0;
        if !folder.read(&mut bytes.as_slice(), &mut position)? {
            folder.end(position)?;
        }
    }
    Ok(Box::new(folder).finish()?.header)
}
