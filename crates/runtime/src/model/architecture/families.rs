//! The families of decoders, each by its differences from llama.

use wgslm_formats::Result;
use wgslm_formats::gguf::Value;
use wgslm_shaders::Activation;

use super::keys::Keys;
use super::rope::Pairs;
use crate::model::{MixerSpec, ModelSpec, NormKind, NormPlace, OutputSpec, Pooling, QkNorm, RopeSpec};

/// Llama and models built like it: Mistral, with a window in all layers, SmolLM, TinyLlama and, with experts, Mixtral.
pub(super) fn llama(keys: &Keys<'_>) -> Result<ModelSpec> {
    let mut spec = keys.decoder(Pairs::Neighbours)?;
    windows(keys, &mut spec, window(keys)?, 0, 0)?;
    Ok(spec)
}

/// Mistral 3 (Ministral): llama, with the context limited to the positions at which queries aren't scaled yet.
pub(super) fn mistral3(keys: &Keys<'_>) -> Result<ModelSpec> {
    let mut spec = llama(keys)?;
    if keys.f32("attention.temperature_scale")?.is_some_and(|scale| scale != 0.0) {
        let original = keys.size("rope.scaling.original_context_length")?;
        spec.context_length = spec.context_length.min(original);
    }
    Ok(spec)
}

/// Qwen 2 and 2.5: llama with biases, which any matrix may have.
pub(super) fn qwen2(keys: &Keys<'_>) -> Result<ModelSpec> {
    keys.decoder(Pairs::Halves)
}

/// Qwen 3, with or without experts: norms of queries and keys.
pub(super) fn qwen3(keys: &Keys<'_>) -> Result<ModelSpec> {
    let mut spec = keys.decoder(Pairs::Halves)?;
    spec.for_attention(|attention| attention.qk_norm = QkNorm::Head);
    if let OutputSpec::Scores(classifier) = &mut spec.output {
        (classifier.pooling, classifier.softmax) = (Pooling::Last, true);
    }
    if keys.u32("expert_feed_forward_length")?.is_none() {
        // `feed_forward_length` is then the width of all of a token's experts together.
        spec.for_layers(|layer| layer.feed_forward.width /= layer.feed_forward.used());
    }
    Ok(spec)
}

/// Gemma 2: a norm before and after each sublayer, soft caps, and a window in every other layer, the first included.
pub(super) fn gemma2(keys: &Keys<'_>) -> Result<ModelSpec> {
    let mut spec = gemma(keys)?;
    let cap = soft_cap(keys, "attn_logit_softcapping", 50.0)?;
    spec.for_attention(|attention| attention.soft_cap = cap);
    if let OutputSpec::Logits { soft_cap: cap, .. } = &mut spec.output {
        *cap = soft_cap(keys, "final_logit_softcapping", 30.0)?;
    }
    // The largest Gemma 2 scales scores by the root of the stream's width per head instead of the head width.
    scale_of_largest(&mut spec, 46);
    let window = keys.u32("attention.sliding_window")?.unwrap_or(4096);
    let rope = local_rope(keys, &mut spec)?;
    windows(keys, &mut spec, window, 2, rope)?;
    Ok(spec)
}

/// Gemma 3: norms of queries and keys, and five layers with a window and a rope of their own before each layer without a window.
pub(super) fn gemma3(keys: &Keys<'_>) -> Result<ModelSpec> {
    let mut spec = gemma(keys)?;
    spec.for_attention(|attention| attention.qk_norm = QkNorm::Head);
    if let OutputSpec::Logits { soft_cap, .. } = &mut spec.output {
        *soft_cap = keys.f32("final_logit_softcapping")?.unwrap_or(0.0).max(0.0);
    }
    scale_of_largest(&mut spec, 62);
    let base = keys.positive_f32("rope.freq_base_swa")?.unwrap_or(10_000.0);
    spec.ropes.push(RopeSpec { factors: Vec::new(), ..keys.unscaled_rope(spec.head_width(), Pairs::Halves, base)? });
    windows(keys, &mut spec, window(keys)?, 6, 1)?;
    Ok(spec)
}

fn gemma(keys: &Keys<'_>) -> Result<ModelSpec> {
    let mut spec = keys.decoder(Pairs::Halves)?;
    spec.embedding.scale = (spec.width as f32).sqrt();
    spec.for_layers(|layer| {
        layer.norm_place = NormPlace::Both;
        layer.feed_forward.activation = Activation::Gelu;
    });
    Ok(spec)
}

/// A soft cap from the file, or its default where the file has none; 0 is no cap.
fn soft_cap(keys: &Keys<'_>, name: &str, default: f32) -> Result<f32> {
    Ok(if keys.f32(name)?.is_some() { keys.positive_or_off(name)?.unwrap_or(0.0) } else { default })
}

fn scale_of_largest(spec: &mut ModelSpec, layers: usize) {
    if spec.layers.len() == layers {
        let width = spec.width as f32;
        spec.for_attention(|attention| attention.scale = 1.0 / (width / attention.heads as f32).sqrt());
    }
}

/// Phi 3 and 4 mini: fused matrices, and rope factors by the length of the context (LongRoPE).
pub(super) fn phi3(keys: &Keys<'_>) -> Result<ModelSpec> {
    let mut spec = keys.decoder(Pairs::Halves)?;
    for rope in &mut spec.ropes {
        *rope = keys.by_length(rope.clone())?;
    }
    windows(keys, &mut spec, window(keys)?, 0, 0)?;
    Ok(spec)
}

/// SmolLM 3: every fourth layer has no rope.
pub(super) fn smollm3(keys: &Keys<'_>) -> Result<ModelSpec> {
    let mut spec = keys.decoder(Pairs::Neighbours)?;
    let mut index = 0;
    spec.for_attention(|attention| {
        index += 1;
        if index % 4 == 0 {
            attention.rope = None;
        }
    });
    Ok(spec)
}

/// Granite 3: scales of embeddings, scores, sublayers and logits.
pub(super) fn granite(keys: &Keys<'_>) -> Result<ModelSpec> {
    let mut spec = keys.decoder(Pairs::Neighbours)?;
    let residual_scale = keys.f32("residual_scale")?.filter(|scale| *scale != 0.0).unwrap_or(1.0);
    spec.for_layers(|layer| layer.residual_scale = residual_scale);
    spec.embedding.scale = keys.f32("embedding_scale")?.filter(|scale| *scale != 0.0).unwrap_or(1.0);
    if let Some(scale) = keys.f32("attention.scale")?.filter(|scale| *scale != 0.0) {
        spec.for_attention(|attention| attention.scale = scale);
    }
    if let OutputSpec::Logits { scale, .. } = &mut spec.output {
        *scale = 1.0 / keys.positive_or_off("logit_scale")?.unwrap_or(1.0);
    }
    if keys.bool("rope.scaling.finetuned")? == Some(false) {
        spec.for_attention(|attention| attention.rope = None);
    }
    Ok(spec)
}

/// OLMo 2 and 3: norms after sublayers, and of all queries and keys together. OLMo 3 has windows in three of four layers, whose
/// rope isn't scaled.
pub(super) fn olmo2(keys: &Keys<'_>) -> Result<ModelSpec> {
    let mut spec = keys.decoder(Pairs::Halves)?;
    spec.for_layers(|layer| layer.norm_place = NormPlace::After);
    spec.for_attention(|attention| attention.qk_norm = QkNorm::All);
    let base = keys.positive_f32("rope.freq_base")?.unwrap_or(10_000.0);
    spec.ropes.push(keys.unscaled_rope(spec.head_width(), Pairs::Halves, base)?);
    windows(keys, &mut spec, window(keys)?, 4, 1)?;
    Ok(spec)
}

/// LFM 2: short convolutions in layers without KV heads, and norms of queries and keys.
pub(super) fn lfm2(keys: &Keys<'_>) -> Result<ModelSpec> {
    let mut spec = keys.decoder(Pairs::Halves)?;
    spec.for_attention(|attention| attention.qk_norm = QkNorm::Head);
    let taps = keys.size("shortconv.l_cache")?;
    if taps > 64 {
        return Err(
            keys.invalid("shortconv.l_cache", format!("a convolution over {taps} tokens can't be run (up to 64 can)"))
        );
    }
    windows(keys, &mut spec, window(keys)?, 0, 0)?;
    let kv_heads = keys.by_layer("attention.head_count_kv", spec.layers.len() as u32)?.unwrap_or_default();
    for (layer, _) in spec.layers.iter_mut().zip(kv_heads).filter(|(_, kv_heads)| *kv_heads == 0) {
        layer.mixer = MixerSpec::ShortConvolution { taps };
    }
    Ok(spec)
}

/// gpt-oss: experts with biases and an activation of their own, sinks, and a window in every other layer, the first included.
pub(super) fn gpt_oss(keys: &Keys<'_>) -> Result<ModelSpec> {
    let mut spec = keys.decoder(Pairs::Halves)?;
    spec.for_attention(|attention| attention.sinks = true);
    spec.for_layers(|layer| layer.feed_forward.activation = Activation::ClampedSwiglu);
    let rope = local_rope(keys, &mut spec)?;
    windows(keys, &mut spec, window(keys)?, 2, rope)?;
    Ok(spec)
}

/// StarCoder 2: layer norms, biases, and a network without gates.
pub(super) fn starcoder2(keys: &Keys<'_>) -> Result<ModelSpec> {
    let mut spec = keys.decoder(Pairs::Halves)?;
    spec.normalise_by(NormKind::Layer);
    spec.for_layers(|layer| {
        layer.feed_forward.activation = Activation::Gelu;
        layer.feed_forward.gated = false;
    });
    Ok(spec)
}

/// Tokens in a sliding window; 0 where there is none.
fn window(keys: &Keys<'_>) -> Result<u32> {
    Ok(keys.u32("attention.sliding_window")?.unwrap_or(0))
}

/// The index of the rope of layers with a window: one with a base of its own where the file has that, else the rope of all
/// layers.
fn local_rope(keys: &Keys<'_>, spec: &mut ModelSpec) -> Result<usize> {
    let Some(base) = keys.positive_f32("rope.freq_base_swa")? else { return Ok(0) };
    spec.ropes.push(keys.rope_of_base(spec.head_width(), Pairs::Halves, base)?);
    Ok(spec.ropes.len() - 1)
}

/// Gives layers a window of `window` tokens and the rope of index `rope`: all layers where `period` is 0, else all but the last
/// of every `period`. A file may override this, by a period of its own or layer by layer.
fn windows(keys: &Keys<'_>, spec: &mut ModelSpec, window: u32, period: u32, rope: usize) -> Result<()> {
    const PATTERN: &str = "attention.sliding_window_pattern";
    let layers = spec.layers.len() as u32;
    if window == 0 {
        return Ok(());
    }
    let by_period = |period: u32| (0..layers).map(|layer| period == 0 || layer % period + 1 < period).collect();
    let has_window: Vec<bool> = match keys.metadata.get(&keys.key(PATTERN)) {
        Some(Value::Array(_)) => {
            keys.by_layer(PATTERN, layers)?.unwrap_or_default().iter().map(|number| *number > 0).collect()
        }
        Some(_) => by_period(keys.u32(PATTERN)?.unwrap_or(period)),
        None => by_period(period),
    };
    let mut has_window = has_window.into_iter();
    spec.for_attention(|attention| {
        if has_window.next() == Some(true) {
            (attention.window, attention.rope) = (window, Some(rope));
        }
    });
    Ok(())
}
