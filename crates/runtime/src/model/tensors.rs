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

/// A larger matrix that a tensor is a part of, where all its parts are of one format: one dispatch then does for all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fusion {
    /// The name of the larger matrix.
    pub name: String,
    /// Where the tensor's rows begin in it.
    pub first_row: u32,
    /// Its rows.
    pub rows: u32,
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
    /// What it can be a part of: the first that works out, the largest first.
    pub fusions: Vec<Fusion>,
}

/// The output head, which a model may share with its embeddings.
pub(crate) const OUTPUT_HEAD: &str = "output.weight";
pub(crate) const EMBEDDINGS: &str = "token_embd.weight";
pub(crate) const OUTPUT_NORM: &str = "output_norm.weight";

/// Queries, keys and values in one matrix.
pub(crate) const QKV: &str = "attn_qkv";
/// Queries and keys in one matrix, where values are of another format.
pub(crate) const QK: &str = "attn_qk";
/// Gate and up in one matrix.
pub(crate) const GATE_UP: &str = "ffn_gate_up";

/// The name of a layer's tensor.
pub(crate) fn layer_tensor(layer: u32, tensor: &str) -> String {
    format!("blk.{layer}.{tensor}.weight")
}

/// All tensors of a model with this spec, one at a time: a damaged file may claim millions of layers.
pub fn expected_tensors(spec: &ModelSpec) -> impl Iterator<Item = ExpectedTensor> {
    let (width, vocabulary) = (spec.width, spec.vocabulary);
    let (query, kv, feed_forward) = (spec.query_width(), spec.kv_width(), spec.feed_forward_width);
    let head = (!spec.tied_head).then(|| matrix(OUTPUT_HEAD.to_owned(), width, vocabulary));
    let outside = [matrix(EMBEDDINGS.to_owned(), width, vocabulary), norm(OUTPUT_NORM.to_owned(), width)];
    let layers = (0..spec.layers).flat_map(move |layer| {
        let name = |tensor| layer_tensor(layer, tensor);
        let part = |tensor, outputs, fusions: &[(&'static str, u32, u32)]| {
            let fusion = |(of, first_row, rows): &(&'static str, u32, u32)| Fusion {
                name: name(of),
                first_row: *first_row,
                rows: *rows,
            };
            ExpectedTensor { fusions: fusions.iter().map(fusion).collect(), ..matrix(name(tensor), width, outputs) }
        };
        let (qk, qkv) = (query + kv, query + 2 * kv);
        [
            norm(name("attn_norm"), width),
            norm(name("ffn_norm"), width),
            part("attn_q", query, &[(QKV, 0, qkv), (QK, 0, qk)]),
            part("attn_k", kv, &[(QKV, query, qkv), (QK, query, qk)]),
            part("attn_v", kv, &[(QKV, qk, qkv)]),
            matrix(name("attn_output"), query, width),
            part("ffn_gate", feed_forward, &[(GATE_UP, 0, 2 * feed_forward)]),
            part("ffn_up", feed_forward, &[(GATE_UP, feed_forward, 2 * feed_forward)]),
            matrix(name("ffn_down"), feed_forward, width),
        ]
    });
    outside.into_iter().chain(head).chain(layers)
}

fn matrix(name: String, inputs: u32, outputs: u32) -> ExpectedTensor {
    ExpectedTensor {
        name,
        role: TensorRole::Matrix,
        shape: vec![u64::from(inputs), u64::from(outputs)],
        fusions: Vec::new(),
    }
}

fn norm(name: String, width: u32) -> ExpectedTensor {
    ExpectedTensor { name, role: TensorRole::Vector, shape: vec![u64::from(width)], fusions: Vec::new() }
}
