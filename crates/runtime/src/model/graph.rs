//! The one graph builder: from a spec and its weights to programs of dispatches.

use wgslm_shaders::format::GROUP;
use wgslm_shaders::{
    Add, Argmax, Attention, Embed, Kernel, KvAppend, Linear, Output, RmsNorm, Rope, Row, Swiglu, Truncate, Variant,
};

use super::tensors::{EMBEDDINGS, OUTPUT_HEAD, OUTPUT_NORM, layer_tensor};
use super::{Matrix, ModelSpec, Weights};
use crate::Result;
use crate::gpu::{Buffer, Count, Gpu, Program, ProgramBuilder};
use crate::kv::{KvCache, KvLayer};

/// Activations between kernels: row-major f32, a row a token. Rows are padded with zeros to whole groups of 32.
pub(crate) struct Activations {
    /// The tokens of a step.
    pub(crate) rows: Buffer,
    /// The outputs asked of a step.
    pub(crate) outputs: Buffer,
    /// The token sampled last in each slot.
    pub(crate) sampled: Buffer,
    /// The logits of the outputs, `[outputs, vocabulary]`.
    pub(crate) logits: Buffer,
    /// Rows there is room for.
    pub(crate) row_capacity: u32,
    /// Outputs there is room for.
    pub(crate) output_capacity: u32,
    candidates: Buffer,
    thresholds: Buffer,
    frequencies: Buffer,
    residual: Buffer,
    normed: Buffer,
    query: Buffer,
    key: Buffer,
    value: Buffer,
    attended: Buffer,
    gate: Buffer,
    up: Buffer,
    delta: Buffer,
}

/// The stride of a row of `width` values.
fn stride(width: u32) -> u32 {
    width.next_multiple_of(GROUP as u32)
}

impl Activations {
    /// Room for steps of up to `rows` rows and `outputs` outputs, by sequences in `slots` slots.
    pub(crate) fn new(gpu: &Gpu, spec: &ModelSpec, rows: u32, outputs: u32, slots: u32) -> Result<Self> {
        let buffer =
            |label: &str, rows: u32, width: u32| gpu.storage_buffer(label, u64::from(rows) * u64::from(width) * 4);
        let activation = |label: &str, width: u32| buffer(label, rows.max(outputs), stride(width));
        let frequencies = buffer("rope frequencies", 1, spec.rope.frequencies.len() as u32)?;
        gpu.write(&frequencies, 0, bytemuck::cast_slice(&spec.rope.frequencies));
        Ok(Self {
            rows: buffer("rows", rows, (size_of::<Row>() / 4) as u32)?,
            outputs: buffer("outputs", outputs, (size_of::<Output>() / 4) as u32)?,
            sampled: buffer("sampled tokens", 1, slots)?,
            logits: buffer("logits", outputs, spec.vocabulary)?,
            row_capacity: rows,
            output_capacity: outputs,
            candidates: buffer("candidates", outputs, Argmax::chunks(spec.vocabulary))?,
            thresholds: buffer("thresholds", outputs, 1)?,
            frequencies,
            residual: activation("residual stream", spec.width)?,
            normed: activation("normed", spec.width)?,
            query: activation("query", spec.query_width())?,
            key: activation("key", spec.kv_width())?,
            value: activation("value", spec.kv_width())?,
            attended: activation("attended", spec.query_width())?,
            gate: activation("gate", spec.feed_forward_width)?,
            up: activation("up", spec.feed_forward_width)?,
            delta: activation("delta", spec.width)?,
        })
    }
}

/// Builds the programs of a model.
pub(crate) struct Graph<'a> {
    pub(crate) gpu: &'a Gpu,
    pub(crate) spec: &'a ModelSpec,
    pub(crate) weights: &'a Weights,
    pub(crate) activations: &'a Activations,
    pub(crate) kv: &'a KvCache,
}

impl Graph<'_> {
    /// From the rows' tokens to the residual stream after the last layer, for one row or for many at a time.
    pub(crate) fn body(&self, many: bool) -> Result<Program> {
        let mut builder = ProgramBuilder::default();
        self.embed(&mut builder)?;
        for (layer, kv) in (0..self.spec.layers).zip(&self.kv.layers) {
            self.attention(&mut builder, layer, kv, many)?;
            self.feed_forward(&mut builder, layer, many)?;
        }
        Ok(builder.build(self.gpu))
    }

    /// From the residual stream to the outputs' logits, for one output or for many at a time.
    pub(crate) fn head(&self, many: bool) -> Result<Program> {
        let mut builder = ProgramBuilder::default();
        let (a, count) = (self.activations, Count::Outputs);
        self.norm(&mut builder, OUTPUT_NORM, count)?;
        let head = self.weights.matrix(if self.spec.tied_head { EMBEDDINGS } else { OUTPUT_HEAD })?;
        self.linear(&mut builder, head, (&a.normed, &a.logits), self.spec.vocabulary, (count, many));
        Ok(builder.build(self.gpu))
    }

    /// From logits to the least that count. Needed before [`Self::sampler`] where an output [`Output::truncates`].
    pub(crate) fn truncation(&self) -> Program {
        let mut builder = ProgramBuilder::default();
        let a = self.activations;
        let vocabulary = self.spec.vocabulary;
        builder.dispatch(
            Truncate { vocabulary, stride: vocabulary },
            Variant::plain(Kernel::Truncate),
            Count::Outputs,
            &[("outputs", &a.outputs), ("logits", &a.logits), ("thresholds", &a.thresholds)],
        );
        builder.build(self.gpu)
    }

    /// From logits to sampled tokens.
    pub(crate) fn sampler(&self) -> Program {
        let mut builder = ProgramBuilder::default();
        let a = self.activations;
        let vocabulary = self.spec.vocabulary;
        let resources = [
            ("outputs", &a.outputs),
            ("logits", &a.logits),
            ("thresholds", &a.thresholds),
            ("candidates", &a.candidates),
            ("sampled", &a.sampled),
        ];
        for stage in [Kernel::ArgmaxPartials, Kernel::Argmax] {
            let argmax = Argmax { vocabulary, stride: vocabulary };
            builder.dispatch(argmax, Variant::plain(stage), Count::Outputs, &resources);
        }
        builder.build(self.gpu)
    }

    fn embed(&self, builder: &mut ProgramBuilder) -> Result<()> {
        let a = self.activations;
        let table = self.weights.matrix(EMBEDDINGS)?;
        for part in &table.parts {
            let mut resources =
                vec![("rows", &a.rows), ("sampled", &a.sampled), ("codes", &part.codes), ("x", &a.residual)];
            resources.extend(part.scales.as_ref().map(|scales| ("scales", scales)));
            builder.dispatch(
                Embed {
                    first: part.first,
                    tokens: part.rows,
                    groups: table.groups,
                    stride: stride(self.spec.width) / 4,
                },
                self.gpu.capabilities().embed(table.layout.format),
                Count::Rows,
                &resources,
            );
        }
        Ok(())
    }

    fn attention(&self, builder: &mut ProgramBuilder, layer: u32, kv: &KvLayer, many: bool) -> Result<()> {
        let (a, spec, rows) = (self.activations, self.spec, (Count::Rows, many));
        let name = |tensor| layer_tensor(layer, tensor);
        self.norm(builder, &name("attn_norm"), Count::Rows)?;
        for (tensor, y, width) in [
            ("attn_q", &a.query, spec.query_width()),
            ("attn_k", &a.key, spec.kv_width()),
            ("attn_v", &a.value, spec.kv_width()),
        ] {
            self.linear(builder, self.weights.matrix(&name(tensor))?, (&a.normed, y), stride(width), rows);
        }
        self.rope(builder, &a.query, spec.heads);
        self.rope(builder, &a.key, spec.kv_heads);
        builder.dispatch(
            KvAppend { pairs: spec.kv_width() / 2, stride: stride(spec.kv_width()) / 2 },
            Variant::plain(Kernel::KvAppend),
            Count::Rows,
            &[
                ("rows", &a.rows),
                ("tables", &self.kv.tables),
                ("k", &a.key),
                ("v", &a.value),
                ("k_cache", &kv.keys),
                ("v_cache", &kv.values),
            ],
        );
        builder.dispatch(
            Attention {
                heads: spec.heads,
                kv_heads: spec.kv_heads,
                head_pairs: spec.head_width / 2,
                stride: stride(spec.query_width()) / 2,
                scale: 1.0 / (spec.head_width as f32).sqrt(),
            },
            self.gpu.capabilities().attention(),
            Count::Rows,
            &[
                ("rows", &a.rows),
                ("tables", &self.kv.tables),
                ("q", &a.query),
                ("k_cache", &kv.keys),
                ("v_cache", &kv.values),
                ("y", &a.attended),
            ],
        );
        self.sublayer_output(builder, &name("attn_output"), &a.attended, many)
    }

    fn feed_forward(&self, builder: &mut ProgramBuilder, layer: u32, many: bool) -> Result<()> {
        let (a, width) = (self.activations, self.spec.feed_forward_width);
        let name = |tensor| layer_tensor(layer, tensor);
        self.norm(builder, &name("ffn_norm"), Count::Rows)?;
        for (tensor, y) in [("ffn_gate", &a.gate), ("ffn_up", &a.up)] {
            let matrix = self.weights.matrix(&name(tensor))?;
            self.linear(builder, matrix, (&a.normed, y), stride(width), (Count::Rows, many));
        }
        builder.dispatch(
            Swiglu { width, stride: stride(width) },
            Variant::plain(Kernel::Swiglu),
            Count::Rows,
            &[("gate", &a.gate), ("up", &a.up)],
        );
        self.sublayer_output(builder, &name("ffn_down"), &a.gate, many)
    }

    /// `residual += weight * x`.
    fn sublayer_output(&self, builder: &mut ProgramBuilder, weight: &str, x: &Buffer, many: bool) -> Result<()> {
        let (a, width) = (self.activations, self.spec.width);
        self.linear(builder, self.weights.matrix(weight)?, (x, &a.delta), stride(width), (Count::Rows, many));
        builder.dispatch(
            Add { width, stride: stride(width) },
            Variant::plain(Kernel::Add),
            Count::Rows,
            &[("x", &a.residual), ("y", &a.delta)],
        );
        Ok(())
    }

    /// `normed = norm(residual) * weight`, of every row or of the outputs' rows.
    fn norm(&self, builder: &mut ProgramBuilder, weight: &str, count: Count) -> Result<()> {
        let (a, width) = (self.activations, self.spec.width);
        builder.dispatch(
            RmsNorm { width, stride: stride(width), epsilon: self.spec.norm_epsilon },
            self.gpu.capabilities().rms_norm(count == Count::Outputs),
            count,
            &[("x", &a.residual), ("weight", self.weights.vector(weight)?), ("y", &a.normed), ("outputs", &a.outputs)],
        );
        Ok(())
    }

    fn rope(&self, builder: &mut ProgramBuilder, x: &Buffer, heads: u32) {
        let (a, rope) = (self.activations, &self.spec.rope);
        builder.dispatch(
            Rope {
                heads,
                head_width: self.spec.head_width,
                pairs: rope.frequencies.len() as u32,
                pair_step: rope.pair_step,
                stride: stride(heads * self.spec.head_width),
                magnitude: rope.magnitude,
            },
            Variant::plain(Kernel::Rope),
            Count::Rows,
            &[("rows", &a.rows), ("frequencies", &a.frequencies), ("x", x)],
        );
    }

    /// `y = matrix * x`, a dispatch a part.
    fn linear(
        &self,
        builder: &mut ProgramBuilder,
        matrix: &Matrix,
        (x, y): (&Buffer, &Buffer),
        y_stride: u32,
        (count, many): (Count, bool),
    ) {
        let columns = match count {
            Count::Rows => self.activations.row_capacity,
            Count::Outputs => self.activations.output_capacity,
        };
        for part in &matrix.parts {
            let mut resources = vec![("codes", &part.codes), ("x", x), ("y", y)];
            resources.extend(part.scales.as_ref().map(|scales| ("scales", scales)));
            builder.dispatch(
                Linear {
                    rows: part.rows,
                    groups: matrix.groups,
                    columns,
                    x_stride: matrix.groups * GROUP as u32 / 4,
                    y_stride,
                    y_offset: part.first,
                },
                self.gpu.capabilities().linear(matrix.layout.format, many),
                count,
                &resources,
            );
        }
    }
}
