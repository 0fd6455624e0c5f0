//! Keys that are more than a renamed value of config.json, by kind of model.

use super::config::{Config, invalid, lacks};
use super::keys::{KV_HEADS, LAYERS};
use crate::Result;
use crate::gguf::{Array, Value};

/// Sets a key, given without the architecture's prefix; keys of the tokenizer have none.
pub(super) type Set<'a> = &'a mut dyn FnMut(&str, Value);

/// The most layers that are accepted.
const MAX_LAYERS: u64 = 1 << 16;

pub(super) fn none(_: &Config, _: Set<'_>) -> Result<()> {
    Ok(())
}

/// BERT's attention is bidirectional.
pub(super) fn bert(config: &Config, set: Set<'_>) -> Result<()> {
    set("attention.causal", Value::Bool(false));
    set("tokenizer.ggml.token_type_count", Value::U64(config.count(&["type_vocab_size"])?.unwrap_or(1)));
    Ok(())
}

/// Nomic BERT's config.json claims a longer context than the model has without scaled rope.
pub(super) fn nomic_bert(config: &Config, set: Set<'_>) -> Result<()> {
    if config.count(&["moe_every_n_layers"])?.is_some_and(|every| every > 0) {
        return Err(invalid("mixtures of experts of nomic_bert can't be run".to_owned()));
    }
    set("context_length", Value::U64(2048));
    bert(config, set)
}

/// Gemma 3's `sliding_window` is ignored where every layer attends to the whole context.
pub(super) fn gemma3(config: &Config, set: Set<'_>) -> Result<()> {
    if config.count(&["sliding_window_pattern", "_sliding_window_pattern"])? != Some(1) {
        set("attention.sliding_window", Value::U64(config.count(&["sliding_window"])?.unwrap_or(4096)));
    }
    Ok(())
}

/// Phi 3's scaling of long contexts. A window of 0 tells llama.cpp that the model has none.
pub(super) fn phi3(config: &Config, set: Set<'_>) -> Result<()> {
    set("attention.sliding_window", Value::U64(config.count(&["sliding_window"])?.unwrap_or(0)));
    let Some(original) = config.count(&["original_max_position_embeddings"])? else { return Ok(()) };
    set("rope.scaling.original_context_length", Value::U64(original));
    if config.get(&["rope_scaling", "rope_parameters"]).is_some() {
        let context = config.require_count(&["max_position_embeddings"])? as f64;
        let (original, scale) = (original as f64, context / original as f64);
        // Hugging Face's code computes the same for `longrope`.
        let factor = if scale > 1.0 { (1.0 + scale.ln() / original.ln()).sqrt() } else { 1.0 };
        set("rope.scaling.attn_factor", Value::F64(factor));
    }
    Ok(())
}

/// LFM2's layers and feed-forward width: some layers are convolutions, which have no key and value heads, and config.json gives
/// the width before an adjustment.
pub(super) fn lfm2(config: &Config, set: Set<'_>) -> Result<()> {
    let layers = config.require_count(LAYERS)?;
    if layers > MAX_LAYERS {
        return Err(invalid(format!("it has {layers} layers, and no more than {MAX_LAYERS} are accepted")));
    }
    let heads = config.require_count(KV_HEADS)?;
    let attends: Vec<bool> = match (config.texts("layer_types")?, config.numbers("full_attn_idxs")?) {
        (Some(kinds), _) => kinds.iter().map(|kind| kind != "conv").collect(),
        (None, Some(places)) => (0..layers).map(|layer| places.contains(&(layer as f64))).collect(),
        (None, None) => return Err(lacks(&["layer_types", "full_attn_idxs"])),
    };
    let heads = attends.iter().map(|attends| if *attends { heads.cast_signed() } else { 0 }).collect();
    set("attention.head_count_kv", Value::Array(Array::I64(heads)));

    let mut width = config.require_count(&["block_ff_dim", "intermediate_size"])? as f64;
    if config.flag("block_auto_adjust_ff_dim")?.unwrap_or(true) {
        width = (2.0 * width / 3.0).floor();
        width = (width * config.number(&["block_ffn_dim_multiplier"])?.unwrap_or(1.0)).floor();
        let multiple = config.count(&["block_multiple_of"])?.unwrap_or(256).max(1) as f64;
        width = (width / multiple).ceil() * multiple;
    }
    set("feed_forward_length", Value::U64(width as u64));
    Ok(())
}

/// OLMo 3's sliding window, which some layers have.
pub(super) fn olmo2(config: &Config, set: Set<'_>) -> Result<()> {
    let Some(window) = config.count(&["sliding_window"])? else { return Ok(()) };
    set("attention.sliding_window", Value::U64(window));
    let slides = match config.texts("layer_types")? {
        Some(kinds) => kinds.iter().map(|kind| kind == "sliding_attention").collect(),
        None => (1..=config.require_count(LAYERS)?.min(MAX_LAYERS)).map(|layer| layer % 4 != 0).collect(),
    };
    set("attention.sliding_window_pattern", Value::Array(Array::Bool(slides)));
    Ok(())
}
