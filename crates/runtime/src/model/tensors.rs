//! The tensors a model is made of, by name.

use super::ModelSpec;

/// What a tensor is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TensorRole {
    /// Multiplied with activations, or looked up by row: kept packed.
    Matrix,
    /// Scales activations one by one: kept as f32.
    Vector,
}

/// A tensor that a model needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpectedTensor {
    /// Its name in GGUF.
    pub name: String,
    /// What it is for.
    pub role: TensorRole,
    /// Its shape, fastest dimension first.
    pub shape: Vec<u64>,
}

/// The output head, which a model may share with its embeddings.
pub(crate) const OUTPUT_HEAD: &str = "output.weight";
pub(crate) const EMBEDDINGS: &str = "token_embd.weight";
pub(crate) const OUTPUT_NORM: &str = "output_norm.weight";

/// The name of a layer's tensor.
pub(crate) fn layer_tensor(layer: u32, tensor: &str) -> String {
    format!("blk.{layer}.{tensor}.weight")
}

/// All tensors of a model with this spec.
#[must_use]
pub fn expected_tensors(spec: &ModelSpec) -> Vec<ExpectedTensor> {
    let matrix = |name: String, inputs: u32, outputs: u32| ExpectedTensor {
        name,
        role: TensorRole::Matrix,
        shape: vec![u64::from(inputs), u64::from(outputs)],
    };
    let norm = |name: String| ExpectedTensor { name, role: TensorRole::Vector, shape: vec![u64::from(spec.width)] };
    let mut tensors = vec![matrix(EMBEDDINGS.to_owned(), spec.width, spec.vocabulary), norm(OUTPUT_NORM.to_owned())];
    if !spec.tied_head {
        tensors.push(matrix(OUTPUT_HEAD.to_owned(), spec.width, spec.vocabulary));
    }
    let (width, query, kv, feed_forward) = (spec.width, spec.query_width(), spec.kv_width(), spec.feed_forward_width);
    for layer in 0..spec.layers {
        let name = |tensor| layer_tensor(layer, tensor);
        tensors.push(norm(name("attn_norm")));
        tensors.push(norm(name("ffn_norm")));
        for (tensor, inputs, outputs) in [
            ("attn_q", width, query),
            ("attn_k", width, kv),
            ("attn_v", width, kv),
            ("attn_output", query, width),
            ("ffn_gate", width, feed_forward),
            ("ffn_up", width, feed_forward),
            ("ffn_down", feed_forward, width),
        ] {
            tensors.push(matrix(name(tensor), inputs, outputs));
        }
    }
    tensors
}
