//! The tensors of a model, by name.

use super::tensor_layout::TensorLayout;
use super::{
    AttentionSpec, FeedForwardSpec, LayerSpec, MixerSpec, ModelSpec, NormKind, NormPlace, NormSpec, OutputSpec, QkNorm,
};

/// The role of a tensor, which sets its layout on the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TensorRole {
    /// A matrix, multiplied with activations or looked up by row: kept packed.
    Matrix,
    /// A vector, which scales activations value by value or is added to them: kept as f32 in planes, as they are.
    Vector,
    /// Other values: kept as f32 in their order.
    Values,
    /// Factors that divide the frequencies of a rope.
    RopeFactors,
}

/// A larger tensor that a tensor becomes a part of, where all parts have one format, so that one dispatch serves all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fusion {
    /// The name of the larger tensor.
    pub name: String,
    /// The row of the larger tensor at which the tensor begins.
    pub first_row: u32,
    /// Rows of the larger tensor.
    pub rows: u32,
}

/// A tensor that a model needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpectedTensor {
    /// The tensor's name in GGUF.
    pub name: String,
    /// The tensor's role.
    pub role: TensorRole,
    /// The tensor's shape, fastest dimension first.
    pub shape: Vec<u64>,
    /// The larger tensors that it can be a part of, largest first; the first one possible is used.
    pub fusions: Vec<Fusion>,
    /// A file may lack the tensor.
    pub optional: bool,
}

/// The output head, which a model may share with its embeddings.
pub(crate) const OUTPUT_HEAD: &str = "output.weight";
/// The matrices of a classifier.
pub(crate) const CLASSIFIER: &str = "cls.weight";
pub(crate) const CLASSIFIER_OUTPUT: &str = "cls.output.weight";
pub(crate) const EMBEDDINGS: &str = "token_embd.weight";
pub(crate) const EMBEDDING_NORM: &str = "token_embd_norm.weight";
pub(crate) const POSITIONS: &str = "position_embd.weight";
pub(crate) const TOKEN_TYPES: &str = "token_types.weight";

/// Queries, keys and values in one matrix.
pub(crate) const QKV: &str = "attn_qkv";
/// Queries and keys in one matrix, where values are of another format.
pub(crate) const QK: &str = "attn_qk";
/// Gate and up in one matrix.
pub(crate) const GATE_UP: &str = "ffn_gate_up";
/// The sinks of a layer's heads, after the frequencies of its rope.
pub(crate) const SINKS: &str = "attn_sinks";

/// The name of a layer's tensor.
pub(crate) fn layer_tensor(layer: usize, tensor: &str) -> String {
    format!("blk.{layer}.{tensor}.weight")
}

/// The name of the bias that goes with a weight.
pub(crate) fn bias_of(weight: &str) -> String {
    format!("{}.bias", weight.strip_suffix(".weight").unwrap_or(weight))
}

/// The names of the norms after the sublayers: after attention and after the feed-forward network.
pub(crate) fn norms_after(place: NormPlace) -> [&'static str; 2] {
    match place {
        NormPlace::AfterSum => ["attn_output_norm", "layer_output_norm"],
        _ => ["post_attention_norm", "post_ffw_norm"],
    }
}

/// All tensors that a model with this spec needs. Any matrix may also have a bias, which is not among them.
pub fn expected_tensors(spec: &ModelSpec) -> impl Iterator<Item = ExpectedTensor> {
    let layout = TensorLayout::of(&spec.architecture);
    let of_layers =
        spec.layers.iter().enumerate().flat_map(move |(index, layer)| of_layer(spec, layout, (index, layer)));
    outside(spec, layout).into_iter().chain(of_layers)
}

fn outside(spec: &ModelSpec, layout: TensorLayout) -> Vec<ExpectedTensor> {
    let (width, vocabulary) = (spec.width, spec.vocabulary);
    let mut all = vec![matrix(EMBEDDINGS.to_owned(), width, vocabulary)];
    if spec.embedding.positions {
        all.push(matrix(POSITIONS.to_owned(), width, spec.context_length));
    }
    if spec.embedding.types > 0 {
        all.push(ExpectedTensor { optional: true, ..matrix(TOKEN_TYPES.to_owned(), width, spec.embedding.types) });
    }
    if let Some(kind) = spec.embedding.norm {
        all.extend(norm(kind, width, EMBEDDING_NORM.to_owned()));
    }
    if let Some(kind) = spec.output_norm {
        all.extend(norm(kind, width, format!("{}.weight", layout.output_norm)));
    }
    if matches!(spec.output, OutputSpec::Logits { .. }) && !spec.tied_head {
        all.push(matrix(OUTPUT_HEAD.to_owned(), width, vocabulary));
    }
    if let OutputSpec::Scores(classifier) = spec.output {
        all.push(ExpectedTensor { optional: true, ..matrix(CLASSIFIER.to_owned(), width, width) });
        all.push(matrix(CLASSIFIER_OUTPUT.to_owned(), width, classifier.labels));
    }
    let mut factors: Vec<_> = spec
        .ropes
        .iter()
        .flat_map(|rope| rope.factors.iter().map(|(_, name)| (*name, rope.frequencies.len())))
        .collect();
    factors.sort_unstable();
    factors.dedup();
    all.extend(factors.into_iter().map(|(name, pairs)| ExpectedTensor {
        role: TensorRole::RopeFactors,
        optional: true,
        ..vector(name.to_owned(), pairs as u32)
    }));
    all
}

fn of_layer(spec: &ModelSpec, layout: TensorLayout, (index, layer): (usize, &LayerSpec)) -> Vec<ExpectedTensor> {
    let width = spec.width;
    let name = |tensor: &str| layer_tensor(index, tensor);
    let mut norms = Vec::new();
    if layer.norm_place.is_before() {
        norms.extend(["attn_norm", layout.feed_forward_norm]);
    }
    if layer.norm_place.is_after() {
        norms.extend(norms_after(layer.norm_place));
    }
    let mut all: Vec<_> = norms.into_iter().flat_map(|tensor| norm(layer.norm, width, name(tensor))).collect();
    match &layer.mixer {
        MixerSpec::Attention(attention) => all.extend(of_attention(spec, layout, index, attention)),
        MixerSpec::ShortConvolution { taps } => all.extend([
            matrix(name("shortconv.in_proj"), width, 3 * width),
            values(name("shortconv.conv"), &[*taps, width]),
            matrix(name("shortconv.out_proj"), width, width),
        ]),
    }
    all.extend(of_feed_forward(width, layout, index, &layer.feed_forward));
    all
}

fn of_attention(
    spec: &ModelSpec,
    layout: TensorLayout,
    index: usize,
    attention: &AttentionSpec,
) -> Vec<ExpectedTensor> {
    let name = |tensor: &str| layer_tensor(index, tensor);
    let (width, query, kv) = (spec.width, attention.query_width(), attention.kv_width());
    let (qk, qkv) = (query + kv, attention.qkv_width());
    let mut all = Vec::new();
    if layout.fused_qkv {
        all.push(matrix(name(QKV), width, qkv));
    } else {
        let fusion = |of, first_row, rows| Fusion { name: name(of), first_row, rows };
        let part = |tensor, outputs, fusions| ExpectedTensor { fusions, ..matrix(name(tensor), width, outputs) };
        all.extend([
            part("attn_q", query, vec![fusion(QKV, 0, qkv), fusion(QK, 0, qk)]),
            part("attn_k", kv, vec![fusion(QKV, query, qkv), fusion(QK, query, qk)]),
            part("attn_v", kv, vec![fusion(QKV, qk, qkv)]),
        ]);
    }
    all.push(matrix(name("attn_output"), query, width));
    let norms = match attention.qk_norm {
        QkNorm::None => None,
        QkNorm::Head => Some([attention.head_width; 2]),
        QkNorm::All => Some([query, kv]),
    };
    if let Some([queries, keys]) = norms {
        all.extend([values(name("attn_q_norm"), &[queries]), values(name("attn_k_norm"), &[keys])]);
    }
    if attention.sinks {
        let pairs = attention.rope.map_or(0, |rope| spec.ropes[rope].frequencies.len() as u32);
        let fusion = Fusion { name: name(SINKS), first_row: pairs, rows: pairs + attention.heads };
        all.push(ExpectedTensor { fusions: vec![fusion], ..values(name(SINKS), &[attention.heads]) });
    }
    all
}

fn of_feed_forward(width: u32, layout: TensorLayout, index: usize, spec: &FeedForwardSpec) -> Vec<ExpectedTensor> {
    let name = |tensor: &str| layer_tensor(index, tensor);
    let hidden = spec.width;
    if let Some(experts) = spec.experts {
        let of_experts = |tensor: &str, inputs, outputs| {
            let mut expected = matrix(name(tensor), inputs, outputs);
            expected.shape.push(experts.count.into());
            expected
        };
        return vec![
            matrix(name("ffn_gate_inp"), width, experts.count),
            of_experts("ffn_gate_exps", width, hidden),
            of_experts("ffn_up_exps", width, hidden),
            of_experts("ffn_down_exps", hidden, width),
        ];
    }
    let part = |tensor: &str, outputs, first_row| ExpectedTensor {
        fusions: vec![Fusion { name: name(GATE_UP), first_row, rows: 2 * hidden }],
        ..matrix(name(tensor), width, outputs)
    };
    let mut all = match (spec.gated, layout.fused_gate_up) {
        (true, true) => vec![part("ffn_up", 2 * hidden, 0)],
        (true, false) => vec![part("ffn_gate", hidden, 0), part("ffn_up", hidden, hidden)],
        (false, _) => vec![matrix(name("ffn_up"), width, hidden)],
    };
    all.push(matrix(name("ffn_down"), hidden, width));
    all
}

/// A norm of the residual stream: its weight and, of a layer norm, its bias.
fn norm(spec: NormSpec, width: u32, weight: String) -> impl Iterator<Item = ExpectedTensor> {
    let bias = (spec.kind == NormKind::Layer).then(|| vector(bias_of(&weight), width));
    bias.into_iter().chain([vector(weight, width)])
}

fn expected(name: String, role: TensorRole, shape: &[u32]) -> ExpectedTensor {
    let shape = shape.iter().map(|size| u64::from(*size)).collect();
    ExpectedTensor { name, role, shape, fusions: Vec::new(), optional: false }
}

fn matrix(name: String, inputs: u32, outputs: u32) -> ExpectedTensor {
    expected(name, TensorRole::Matrix, &[inputs, outputs])
}

fn vector(name: String, width: u32) -> ExpectedTensor {
    expected(name, TensorRole::Vector, &[width])
}

fn values(name: String, shape: &[u32]) -> ExpectedTensor {
    expected(name, TensorRole::Values, shape)
}
