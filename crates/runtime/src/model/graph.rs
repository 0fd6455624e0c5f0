//! The one graph builder: from a spec and its weights to programs of dispatches.

use wgslm_shaders::format::GROUP;
use wgslm_shaders::{
    Activation, Attention, Embed, Encoding, Gate, Kernel, Linear, MatvecShape, Norm, Quantise, RopeAppend, Sample,
    Variant,
};

use super::activations::{Activations, stride};
use super::tensors::{EMBEDDINGS, GATE_UP, OUTPUT_HEAD, OUTPUT_NORM, QK, QKV, layer_tensor};
use super::{Matrix, ModelSpec, Weights};
use crate::Result;
use crate::gpu::{Buffer, Count, Gpu, Program, ProgramBuilder, Variants};
use crate::kv::{KvCache, KvLayer};

/// Builds the programs of a model.
pub(crate) struct Graph<'a> {
    pub(crate) gpu: &'a Gpu,
    pub(crate) spec: &'a ModelSpec,
    pub(crate) weights: &'a Weights,
    pub(crate) activations: &'a Activations,
    pub(crate) kv: &'a KvCache,
    /// The encoding of what matrices multiply, where there are kernels for it; f32 where not.
    pub(crate) encoding: Option<Encoding>,
}

/// What a matrix multiplies: rows in planes, and the weights of the norm that comes before where the kernel is to apply it.
#[derive(Clone, Copy)]
struct Input<'a> {
    x: &'a Buffer,
    norm: Option<&'a Buffer>,
}

/// Where products go.
#[derive(Clone, Copy)]
struct Destination<'a> {
    y: &'a Buffer,
    /// Of a row, in f32.
    stride: u32,
    /// In planes rather than value by value.
    planes: bool,
    accumulate: bool,
}

impl Graph<'_> {
    /// From the rows' tokens to the residual stream after the last layer. `fused`: the kernels for few rows take in what stands
    /// beside a matrix.
    pub(crate) fn body(&self, fused: bool) -> Result<Program> {
        let mut builder = ProgramBuilder::default();
        self.embed(&mut builder)?;
        for (layer, kv) in (0..self.spec.layers).zip(&self.kv.layers) {
            self.attention(&mut builder, layer, kv, fused)?;
            self.feed_forward(&mut builder, layer, fused)?;
        }
        Ok(builder.build(self.gpu))
    }

    /// From the residual stream to the outputs' logits. `fused`: output i is row i of the step, and outputs are few.
    pub(crate) fn head(&self, fused: bool) -> Result<Program> {
        let mut builder = ProgramBuilder::default();
        let head = self.weights.matrix(if self.spec.tied_head { EMBEDDINGS } else { OUTPUT_HEAD })?;
        let input = self.normed(&mut builder, OUTPUT_NORM, &[(head, 0)], Count::Outputs, fused)?;
        let logits =
            Destination { y: &self.activations.logits, stride: self.spec.vocabulary, planes: false, accumulate: false };
        self.linear(&mut builder, Count::Outputs, input, &[(head, 0)], logits, 0);
        Ok(builder.build(self.gpu))
    }

    /// From logits to the least that count. Needed before [`Self::sampler`] where an output [`Output::truncates`].
    ///
    /// [`Output::truncates`]: wgslm_shaders::Output::truncates
    pub(crate) fn truncation(&self) -> Program {
        self.sampling(&Sample::TRUNCATION)
    }

    /// From logits to sampled tokens.
    pub(crate) fn sampler(&self) -> Program {
        self.sampling(&Sample::ARGMAX)
    }

    fn sampling(&self, stages: &[Kernel]) -> Program {
        let mut builder = ProgramBuilder::default();
        let (a, vocabulary) = (self.activations, self.spec.vocabulary);
        let resources = [
            ("outputs", &a.outputs),
            ("logits", &a.logits),
            ("maxima", &a.maxima),
            ("histogram", &a.histogram),
            ("band", &a.band),
            ("thresholds", &a.thresholds),
            ("candidates", &a.candidates),
            ("sampled", &a.sampled),
        ];
        for stage in stages {
            let sample = Sample { vocabulary, stride: vocabulary };
            builder.dispatch(sample, Variant::plain(*stage), Count::Outputs, &resources);
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
                    by: Embed::TOKEN,
                    accumulate: 0,
                    scale: 1.0,
                },
                self.gpu.capabilities().embed(table.layout.format),
                Count::Rows,
                &resources,
            );
        }
        Ok(())
    }

    fn attention(&self, builder: &mut ProgramBuilder, layer: u32, kv: &KvLayer, fused: bool) -> Result<()> {
        let (a, spec) = (self.activations, self.spec);
        let name = |tensor| layer_tensor(layer, tensor);
        let qkv_width = spec.query_width() + 2 * spec.kv_width();
        let (key, value) = (spec.query_width(), spec.query_width() + spec.kv_width());
        let (query_key, query_key_value) = (name(QK), name(QKV));
        let [q, k, v] = [("attn_q", 0), ("attn_k", key), ("attn_v", value)].map(|(tensor, row)| (name(tensor), row));
        let matrices = self.matrices(&[
            &[(&query_key_value, 0)],
            &[(&query_key, 0), (&v.0, v.1)],
            &[(&q.0, q.1), (&k.0, k.1), (&v.0, v.1)],
        ])?;
        let input = self.normed(builder, &name("attn_norm"), &matrices, Count::Rows, fused)?;
        let qkv = Destination { y: &a.qkv, stride: stride(qkv_width), planes: false, accumulate: false };
        self.linear(builder, Count::Rows, input, &matrices, qkv, 0);
        self.attend(builder, kv, fused);
        let output = self.weights.matrix(&name("attn_output"))?;
        if let Some(encoding) = self.encoding_for(output) {
            let stride = stride(spec.query_width());
            builder.dispatch(
                Quantise { groups: stride / GROUP as u32, x_stride: stride / 4 },
                Variant::plain(Kernel::Quantise).encoding(Some(encoding)),
                Count::Rows,
                &[("x", &a.attended), ("codes_x", &a.codes), ("scales_x", &a.scales)],
            );
        }
        self.linear(builder, Count::Rows, Input { x: &a.attended, norm: None }, &[(output, 0)], self.residual(), 0);
        Ok(())
    }

    /// `attended = attention(qkv)`, by splits of the context where rows are few and their heads whole chunks.
    fn attend(&self, builder: &mut ProgramBuilder, kv: &KvLayer, fused: bool) {
        let (a, spec) = (self.activations, self.spec);
        let params = Attention {
            heads: spec.heads,
            kv_heads: spec.kv_heads,
            head_pairs: spec.head_width / 2,
            query_stride: stride(spec.query_width()),
            y_stride: stride(spec.query_width()),
            y_groups: stride(spec.query_width()) / GROUP as u32,
            scale: 1.0 / (spec.head_width as f32).sqrt(),
            splits: a.splits,
            pairs: spec.rope.frequencies.len() as u32,
            pair_step: spec.rope.pair_step,
            magnitude: spec.rope.magnitude,
            ..Attention::default()
        };
        let resources = [
            ("rows", &a.rows),
            ("tables", &self.kv.tables),
            ("frequencies", &a.frequencies),
            ("qkv", &a.qkv),
            ("query", &a.query),
            ("k_cache", &kv.keys),
            ("v_cache", &kv.values),
            ("partials", &a.partials),
            ("y", &a.attended),
        ];
        let capabilities = self.gpu.capabilities();
        let stride = stride(spec.query_width() + 2 * spec.kv_width());
        let rope = RopeAppend {
            heads: spec.heads,
            kv_heads: spec.kv_heads,
            head_pairs: params.head_pairs,
            pairs: params.pairs,
            pair_step: params.pair_step,
            stride,
            query_stride: params.query_stride,
            magnitude: params.magnitude,
        };
        let append = Variant::plain(Kernel::RopeAppend);
        if fused && spec.head_width % 8 == 0 {
            let split = |rope| capabilities.attention_split(spec.heads / spec.kv_heads, rope);
            // Rows of one sequence look at each other's keys, which have to be in the cache before.
            builder.dispatch(rope, append, Count::SeveralRows, &resources);
            builder.dispatch(params, split(false), Count::SeveralRows, &resources);
            builder.dispatch(Attention { query_stride: stride, ..params }, split(true), Count::SingleRow, &resources);
            builder.dispatch(params, Variant::plain(Kernel::AttentionCombine), Count::Rows, &resources);
        } else {
            builder.dispatch(rope, append, Count::Rows, &resources);
            let many = capabilities.attention_of_many(spec.head_width, spec.heads / spec.kv_heads);
            builder.dispatch(params, many, Count::Rows, &resources);
        }
    }

    fn feed_forward(&self, builder: &mut ProgramBuilder, layer: u32, fused: bool) -> Result<()> {
        let (a, width) = (self.activations, self.spec.feed_forward_width);
        let name = |tensor| layer_tensor(layer, tensor);
        let (gate_up, gate, up) = (name(GATE_UP), name("ffn_gate"), name("ffn_up"));
        let matrices = self.matrices(&[&[(&gate_up, 0)], &[(&gate, 0), (&up, width)]])?;
        let input = self.normed(builder, &name("ffn_norm"), &matrices, Count::Rows, fused)?;
        let down = self.weights.matrix(&name("ffn_down"))?;
        if fused && matrices.len() == 1 {
            let hidden = Destination { y: &a.hidden, stride: stride(width), planes: true, accumulate: false };
            self.linear(builder, Count::Rows, input, &matrices, hidden, width);
        } else {
            let gate_up = Destination { y: &a.gate_up, stride: stride(2 * width), planes: false, accumulate: false };
            self.linear(builder, Count::Rows, input, &matrices, gate_up, 0);
            builder.dispatch(
                Gate {
                    width,
                    x_stride: stride(2 * width),
                    y_stride: stride(width),
                    y_groups: stride(width) / GROUP as u32,
                    activation: Activation::Silu as u32,
                    gated: 1,
                },
                Variant::plain(Kernel::Gate).encoding(self.encoding_for(down)),
                Count::Rows,
                &[("x", &a.gate_up), ("y", &a.hidden), ("codes_x", &a.codes), ("scales_x", &a.scales)],
            );
        }
        self.linear(builder, Count::Rows, Input { x: &a.hidden, norm: None }, &[(down, 0)], self.residual(), 0);
        Ok(())
    }

    /// What a sublayer's output is added to.
    fn residual(&self) -> Destination<'_> {
        let stride = stride(self.spec.width);
        Destination { y: &self.activations.residual, stride, planes: true, accumulate: true }
    }

    /// Matrices and the rows that they begin at: of several ways to divide what they hold, the first that the weights have.
    fn matrices(&self, ways: &[&[(&str, u32)]]) -> Result<Vec<(&Matrix, u32)>> {
        let found = ways.iter().find(|way| way.iter().all(|(name, _)| self.weights.has_matrix(name)));
        let way = found.or(ways.last()).copied().unwrap_or_default();
        way.iter().map(|(name, first)| Ok((self.weights.matrix(name)?, *first))).collect()
    }

    /// The kernels that multiply a part of a matrix with encoded activations, where that is what is wanted and there are any.
    fn encoded_kernels(&self, matrix: &Matrix, rows: u32) -> Option<Variants> {
        self.encoding.and_then(|encoding| self.gpu.capabilities().linear_encoded(matrix.layout.format, rows, encoding))
    }

    /// The encoding that a matrix's kernels take.
    fn encoding_for(&self, matrix: &Matrix) -> Option<Encoding> {
        self.encoding.filter(|_| self.encoded_kernels(matrix, matrix.rows).is_some())
    }

    /// The residual stream under a norm, as these matrices need it: of every row or of the outputs' rows. `fused` leaves the norm
    /// to the matrices' kernels.
    fn normed(
        &self,
        builder: &mut ProgramBuilder,
        norm: &str,
        matrices: &[(&Matrix, u32)],
        count: Count,
        fused: bool,
    ) -> Result<Input<'_>> {
        let (a, width) = (self.activations, self.spec.width);
        let weight = self.weights.vector(norm)?;
        if fused {
            return Ok(Input { x: &a.residual, norm: Some(weight) });
        }
        let resources = [
            ("x", &a.residual),
            ("weight", weight),
            ("bias", weight),
            ("y", &a.normed),
            ("codes_x", &a.codes),
            ("scales_x", &a.scales),
            ("outputs", &a.outputs),
        ];
        let params = Norm {
            width,
            groups: stride(width) / GROUP as u32,
            stride: stride(width) / 4,
            epsilon: self.spec.norm_epsilon,
            centred: 0,
            accumulate: 0,
            scale: 1.0,
        };
        let variant = self.gpu.capabilities().norm(count == Count::Outputs);
        // Matrices of one sublayer may be of several formats.
        for encoding in [None].into_iter().chain(self.encoding.map(Some)) {
            if matrices.iter().any(|(matrix, _)| self.encoding_for(matrix) == encoding) {
                builder.dispatch(params, variant.encoding(encoding), count, &resources);
            }
        }
        Ok(Input { x: &a.normed, norm: None })
    }

    /// Products of `input` with matrices, each from its place in a row of the destination on; a dispatch a part. With
    /// `gate_rows`, the one matrix holds that many rows of a gate and then as many of what it gates.
    fn linear(
        &self,
        builder: &mut ProgramBuilder,
        count: Count,
        input: Input<'_>,
        matrices: &[(&Matrix, u32)],
        destination: Destination<'_>,
        gate_rows: u32,
    ) {
        let columns = match count {
            Count::Outputs => self.activations.output_capacity,
            _ => self.activations.row_capacity,
        };
        let parts =
            matrices.iter().flat_map(|(matrix, first)| matrix.parts.iter().map(move |part| (matrix, first, part)));
        for (matrix, first, part) in parts {
            let mut resources = vec![
                ("codes", &part.codes),
                ("x", input.x),
                ("codes_x", &self.activations.codes),
                ("scales_x", &self.activations.scales),
                ("y", destination.y),
                ("norm", input.norm.unwrap_or(input.x)),
                ("bias", input.x),
            ];
            resources.extend(part.scales.as_ref().map(|scales| ("scales", scales)));
            builder.dispatch(
                Linear {
                    rows: if gate_rows > 0 { gate_rows } else { part.rows },
                    groups: matrix.groups,
                    columns,
                    x_stride: matrix.groups * GROUP as u32 / 4,
                    y_stride: destination.stride,
                    y_offset: first + part.first,
                    y_groups: if destination.planes { destination.stride / GROUP as u32 } else { 0 },
                    accumulate: destination.accumulate.into(),
                    gate_rows,
                    norm_width: if input.norm.is_some() { self.spec.width } else { 0 },
                    epsilon: self.spec.norm_epsilon,
                    activation: if gate_rows > 0 { Activation::Silu as u32 } else { 0 },
                    ..Linear::default()
                },
                self.encoded_kernels(matrix, part.rows).unwrap_or_else(|| {
                    let shape = self.gpu.choice(&matrix.kind(part.rows, gate_rows > 0));
                    self.gpu.capabilities().linear(matrix.layout.format, shape.unwrap_or(MatvecShape::DEFAULT))
                }),
                count,
                &resources,
            );
        }
    }
}
