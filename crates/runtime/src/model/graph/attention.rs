//! Attention.

use wgslm_formats::Error;
use wgslm_shaders::format::GROUP;
use wgslm_shaders::{Attention, AttentionVariant, Encoding, NormHeads, RopeAppend, StateVariant};

use super::linear::{Destination, Input, Next, Placed};
use super::norms::Sublayer;
use super::{Count, Graph, GraphLayer, ProgramBuilder, StepSize};
use crate::Result;
use crate::model::select::Precision;
use crate::model::tensors::{QK, QKV};
use crate::model::workspace::stride;
use crate::model::{AttentionSpec, QkNorm};

impl Graph<'_> {
    /// The matrices that make queries, keys and values.
    pub(super) fn attention_matrices(&self, layer: GraphLayer<'_>, spec: &AttentionSpec) -> Result<Vec<Placed<'_>>> {
        let name = |tensor| layer.tensor(tensor);
        let (key, value) = (spec.query_width(), spec.query_width() + spec.kv_width());
        let (query_key, query_key_value) = (name(QK), name(QKV));
        let [q, k, v] = [("attn_q", 0), ("attn_k", key), ("attn_v", value)].map(|(tensor, row)| (name(tensor), row));
        self.matrices(&[
            &[(&query_key_value, 0)],
            &[(&query_key, 0), (&v.0, v.1)],
            &[(&q.0, q.1), (&k.0, k.1), (&v.0, v.1)],
        ])
    }

    /// Appends the attention of a layer, from the input of its first matrices to the residual stream, and returns true where that is left
    /// as the `next` sublayer wants it.
    pub(super) fn attention(
        &self,
        builder: &mut ProgramBuilder,
        (layer, spec): (GraphLayer<'_>, &AttentionSpec),
        (input, matrices): (Input<'_>, &[Placed<'_>]),
        next: Option<Next<'_>>,
    ) -> Result<bool> {
        let a = self.workspace;
        let qkv = Destination::plain(&a.qkv, stride(spec.qkv_width()));
        self.for_scores(spec).linear(builder, Count::TOKENS, input, matrices, qkv);
        self.norm_heads(builder, layer, spec)?;
        let output = self.matrices(&[&[(&layer.tensor("attn_output"), 0)]])?;
        let encodes = self.can_encode_attention(spec, &output);
        self.attend(builder, (layer, spec), encodes)?;
        let input = if encodes {
            Input { x: &a.attended, encoded: &a.encoded, norm: None }
        } else {
            self.encoded(builder, &a.attended, spec.query_width(), &output)
        };
        self.finish_sublayer(builder, (layer, Sublayer::Mixer), (input, &output), next)
    }

    /// True where the kernels for attention by splits can leave its result in the codes that the next matrices take.
    fn can_encode_attention(&self, spec: &AttentionSpec, output: &[Placed<'_>]) -> bool {
        let in_codes = self.encoding_of(output) == Some(Encoding::Int8) && !self.takes_floats(output);
        self.splits(spec) && in_codes && spec.head_width.is_multiple_of(GROUP as u32)
    }

    /// True where attention is by splits of the context: of few tokens, with heads of a width that is a multiple of 8.
    fn splits(&self, spec: &AttentionSpec) -> bool {
        self.step != StepSize::Many && spec.head_width.is_multiple_of(8)
    }

    /// The graph for the product that makes queries and keys. Unless norms follow, it has no 8-bit activations, since scores
    /// multiply their rounding errors: two thirds of the accuracy that 8-bit activations cost would be lost here, on a tenth of
    /// the weights.
    pub(super) fn for_scores(&self, spec: &AttentionSpec) -> Self {
        if spec.qk_norm != QkNorm::None {
            return Self { ..*self };
        }
        let encoding = self.encoding.filter(|encoding| *encoding != Encoding::Int8);
        let precision = self.precision.max(Precision::Fine);
        Self { encoding, precision, ..*self }
    }

    /// Appends the norm of queries and keys, where the model has one.
    fn norm_heads(&self, builder: &mut ProgramBuilder, layer: GraphLayer<'_>, spec: &AttentionSpec) -> Result<()> {
        let (queries, keys) = match spec.qk_norm {
            QkNorm::None => return Ok(()),
            QkNorm::Head => ((spec.heads, spec.head_width), (spec.kv_heads, spec.head_width)),
            QkNorm::All => ((1, spec.query_width()), (1, spec.kv_width())),
        };
        let weight = |tensor| self.weights.floats(&layer.tensor(tensor));
        builder.dispatch(
            NormHeads {
                queries: queries.0,
                query_width: queries.1,
                keys: keys.0,
                key_width: keys.1,
                stride: stride(spec.qkv_width()),
                epsilon: layer.spec.norm.epsilon,
            },
            self.device.kernels().norm_heads(),
            Count::TOKENS,
            &[
                ("qkv", &self.workspace.qkv),
                ("query_norm", weight("attn_q_norm")?),
                ("key_norm", weight("attn_k_norm")?),
            ],
        );
        Ok(())
    }

    /// Appends `attended = attention(qkv)`, in codes if it `encodes`.
    fn attend(
        &self,
        builder: &mut ProgramBuilder,
        (layer, spec): (GraphLayer<'_>, &AttentionSpec),
        encodes: bool,
    ) -> Result<()> {
        let a = self.workspace;
        let Some(kv) = self.kv.layer(layer.index) else { unreachable!("attention keeps keys and values") };
        let rope = spec.rope.map(|rope| &self.spec.ropes[rope]);
        let frequencies = self.weights.frequencies(self.spec, layer.index, self.context);
        let missing = || Error::MissingTensor { tensor: layer.tensor("rope") };
        let params = Attention {
            heads: spec.heads,
            kv_heads: spec.kv_heads,
            head_pairs: spec.head_width / 2,
            query_stride: stride(spec.query_width()),
            y_stride: stride(spec.query_width()),
            y_groups: stride(spec.query_width()) / GROUP as u32,
            scale: spec.scale,
            scales: (a.encoded.codes.size() / 4) as u32,
            splits: a.splits,
            pairs: rope.map_or(0, |rope| rope.frequencies.len() as u32),
            pair_step: rope.map_or(1, |rope| rope.pair_step),
            magnitude: rope.map_or(1.0, |rope| rope.magnitude),
            soft_cap: spec.soft_cap,
            window: spec.window,
            sinks: spec.sinks.into(),
            cache: kv.addressing,
        };
        let resources = [
            ("tokens", &a.tokens),
            ("tables", &self.kv.tables),
            ("frequencies", frequencies.ok_or_else(missing)?),
            ("qkv", &a.qkv),
            ("query", &a.query),
            ("k_cache", &kv.keys),
            ("v_cache", &kv.values),
            ("partials", &a.partials),
            ("y", &a.attended),
            ("encoded_y", &a.encoded.both),
        ];
        let kernels = self.device.kernels();
        let stride = stride(spec.qkv_width());
        let rope = RopeAppend {
            heads: spec.heads,
            kv_heads: spec.kv_heads,
            head_pairs: params.head_pairs,
            pairs: params.pairs,
            pair_step: params.pair_step,
            stride,
            query_stride: params.query_stride,
            magnitude: params.magnitude,
            cache: params.cache,
        };
        let append = StateVariant::RopeAppend(self.kv.format);
        if self.splits(spec) {
            let split = |rope| kernels.attention_split(self.kv.format, spec.heads / spec.kv_heads, (rope, encodes));
            // Tokens of one sequence see each other's keys, which must be in the cache first.
            builder.dispatch(rope, append, Count::TOKENS.apart(false), &resources);
            builder.dispatch(params, split(false), Count::TOKENS.apart(false), &resources);
            builder.dispatch(
                Attention { query_stride: stride, ..params },
                split(true),
                Count::TOKENS.apart(true),
                &resources,
            );
            builder.dispatch(params, AttentionVariant::AttentionCombine { encode: encodes }, Count::TOKENS, &resources);
        } else {
            builder.dispatch(rope, append, Count::TOKENS, &resources);
            let many = kernels.attention_of_many(self.kv.format, spec.head_width, spec.heads / spec.kv_heads);
            builder.dispatch(params, many, Count::TOKENS, &resources);
        }
        Ok(())
    }
}
