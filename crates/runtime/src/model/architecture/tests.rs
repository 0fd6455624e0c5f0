//! Tests of metadata that differs from most files'.

use wgslm_formats::gguf::{Array, Metadata, Value};
use wgslm_formats::{Error, Result};
use wgslm_shaders::Activation;

use crate::model::{LayerSpec, ModelSpec, OutputSpec};

/// The metadata of a small model and `more`, whose keys lack the architecture before them.
pub(in crate::model) fn metadata_of(architecture: &str, more: &[(&str, Value)]) -> Metadata {
    let mut metadata = Metadata::default();
    metadata.insert("general.architecture", Value::String(architecture.to_owned()));
    for (key, value) in [
        ("block_count", 2),
        ("context_length", 256),
        ("embedding_length", 32),
        ("feed_forward_length", 64),
        ("attention.head_count", 2),
        ("attention.layer_norm_rms_epsilon", 1),
        ("vocab_size", 8),
    ] {
        metadata.insert(format!("{architecture}.{key}"), Value::U64(value));
    }
    for (key, value) in more {
        metadata.insert(format!("{architecture}.{key}"), value.clone());
    }
    metadata
}

fn spec(architecture: &str, more: &[(&str, Value)]) -> Result<ModelSpec> {
    ModelSpec::from_metadata(&metadata_of(architecture, more))
}

fn text(text: &str) -> Value {
    Value::String(text.to_owned())
}

fn kv_heads(spec: &ModelSpec) -> Vec<u32> {
    spec.layers.iter().filter_map(LayerSpec::attention).map(|attention| attention.kv_heads).collect()
}

#[test]
fn a_zero_is_off_as_in_llama_cpp() {
    let zero = || Value::F64(0.0);
    for kind in ["linear", "yarn"] {
        let kind = ("rope.scaling.type", text(kind));
        let original = ("rope.scaling.original_context_length", Value::U64(0));
        let scaled = spec("llama", &[kind.clone(), ("rope.scaling.factor", zero()), original]).expect("it can be run");
        let one = spec("llama", &[kind, ("rope.scaling.factor", Value::F64(1.0))]).expect("it can be run");
        assert_eq!(scaled, one);
    }
    // The old key counts only where the new one isn't there.
    let old = ("rope.scale_linear", Value::F64(4.0));
    let both = spec("llama", &[old.clone(), ("rope.scaling.factor", zero())]).expect("it can be run");
    assert_eq!(both.ropes, spec("llama", &[]).expect("it can be run").ropes);
    assert_ne!(both.ropes, spec("llama", &[old]).expect("it can be run").ropes);

    let caps = [("attn_logit_softcapping", zero()), ("final_logit_softcapping", zero())];
    let gemma = spec("gemma2", &caps).expect("it can be run");
    assert_eq!(gemma.layers[0].attention().expect("it has attention").soft_cap, 0.0);
    assert_eq!(gemma.output, OutputSpec::Logits { scale: 1.0, soft_cap: 0.0 });
    let granite = spec("granite", &[("logit_scale", zero())]).expect("it can be run");
    assert_eq!(granite.output, OutputSpec::Logits { scale: 1.0, soft_cap: 0.0 });
    for wrong in [-1.0, f64::NAN, f64::INFINITY] {
        let error = spec("llama", &[("rope.scaling.factor", Value::F64(wrong))]).expect_err("it can't be run");
        assert_eq!(error.code(), "invalid-metadata", "{wrong}");
    }
}

#[test]
fn hidden_act_is_obeyed_or_refused() {
    for (architecture, name, expected) in [
        ("llama", "silu", Activation::Silu),
        ("llama", "gelu", Activation::Gelu),
        ("llama", "gelu_pytorch_tanh", Activation::Gelu),
        ("gemma2", "gelu_pytorch_tanh", Activation::Gelu),
        ("gemma3", "silu", Activation::Silu),
        ("nomic-bert", "swiglu", Activation::Silu),
        ("bert", "gelu", Activation::Gelu),
        ("gpt-oss", "silu", Activation::ClampedSwiglu),
    ] {
        let spec = spec(architecture, &[("hidden_activation", text(name))]).expect("it can be run");
        assert_eq!(spec.layers[0].feed_forward.activation, expected, "{architecture}: {name}");
    }
    for name in ["relu", "relu2", "quick_gelu", "mish", "gelu_10", "tanh", ""] {
        match spec("llama", &[("hidden_activation", text(name))]) {
            Err(Error::InvalidMetadata { key, reason }) => {
                assert_eq!(key, "llama.hidden_activation");
                assert!(reason.starts_with(&format!("{name} can't be run")), "{reason}");
            }
            other => panic!("{name}: {other:?}"),
        }
    }
}

#[test]
fn layers_of_heads_that_predict_more_tokens_are_not_run() {
    let heads = Value::Array(Array::I64(vec![1, 2, 1]));
    let layers = [("block_count", Value::U64(3)), ("nextn_predict_layers", Value::U64(1))];
    let numbers = [("attention.head_count_kv", Value::Array(Array::I64(vec![1, 1, 2])))];
    let spec_of = |more: &[(&str, Value)]| spec("qwen3", &[&layers, more].concat());
    assert_eq!(spec_of(&numbers).map(|spec| (spec.layers.len(), kv_heads(&spec))).ok(), Some((2, vec![1, 1])));
    assert_eq!(spec_of(&[("attention.head_count_kv", heads)]).map(|spec| kv_heads(&spec)).ok(), Some(vec![1, 2]));
    for all in [1, 3, 4] {
        let error = spec_of(&[("nextn_predict_layers", Value::U64(all))]).map(|spec| spec.layers.len());
        assert_eq!(error.map_err(|error| error.code()), if all == 1 { Ok(2) } else { Err("invalid-metadata") });
    }
}
