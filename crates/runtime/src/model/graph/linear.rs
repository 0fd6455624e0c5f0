//! Products with matrices.

use wgslm_gpu::{Buffer, Variants};
use wgslm_shaders::format::GROUP;
use wgslm_shaders::{Activation, Encoding, IntegerShape, Linear, LinearKernel};

use super::{Count, Graph, ProgramBuilder, StepSize};
use crate::Result;
use crate::model::{Matrix, MatrixPart};

/// The most products of weights and tokens for which workgroups encode activations themselves rather than leave that to a dispatch: about
/// as many as an H200 takes the time of a dispatch longer for.
const STAGED_PRODUCTS: u64 = 140_000_000;

/// The input of a matrix product: rows in planes, and, where the kernel is to apply the norm before it, the norm's weights and
/// epsilon.
#[derive(Clone, Copy)]
pub(super) struct Input<'a> {
    pub(super) x: &'a Buffer,
    pub(super) norm: Option<(&'a Buffer, f32)>,
}

/// A matrix, its bias, and the offset of its products in a row of the destination.
#[derive(Clone, Copy)]
pub(super) struct Placed<'a> {
    pub(super) matrix: &'a Matrix,
    pub(super) bias: Option<&'a Buffer>,
    pub(super) first: u32,
}

/// The destination of products, and the operations applied to them before they are stored.
#[derive(Clone, Copy)]
pub(super) struct Destination<'a> {
    pub(super) y: &'a Buffer,
    /// Stride of a row, in f32 values.
    pub(super) stride: u32,
    /// Rows are stored in planes rather than value by value.
    pub(super) planes: bool,
    pub(super) accumulate: bool,
    pub(super) activation: Activation,
    /// n > 0: the matrix holds n gate rows, whose products are activated, and then the n rows that they gate.
    pub(super) gate_rows: u32,
    pub(super) scale: f32,
    pub(super) soft_cap: f32,
}

impl<'a> Destination<'a> {
    /// A destination of products as they are, in rows of `stride` values, value by value.
    pub(super) fn plain(y: &'a Buffer, stride: u32) -> Self {
        Self {
            y,
            stride,
            planes: false,
            accumulate: false,
            activation: Activation::None,
            gate_rows: 0,
            scale: 1.0,
            soft_cap: 0.0,
        }
    }

    /// A destination of products as they are, in rows of `stride` values in planes.
    pub(super) fn in_planes(y: &'a Buffer, stride: u32) -> Self {
        Self { planes: true, ..Self::plain(y, stride) }
    }
}

impl Graph<'_> {
    /// Matrices, each with its offset in the destination: of several ways to fuse them, the first that the weights have.
    pub(super) fn matrices(&self, ways: &[&[(&str, u32)]]) -> Result<Vec<Placed<'_>>> {
        let found = ways.iter().find(|way| way.iter().all(|(name, _)| self.weights.has_matrix(name)));
        let way = found.or(ways.last()).copied().unwrap_or_default();
        let placed = |(name, first): &(&str, u32)| {
            Ok(Placed { matrix: self.weights.matrix(name)?, bias: self.weights.bias(name), first: *first })
        };
        way.iter().map(placed).collect()
    }

    /// The kernel for few tokens with codes of activations, if that is the choice for a matrix, and the most tokens for which it makes
    /// them itself.
    fn integer_kernel(&self, matrix: &Matrix) -> Option<(IntegerShape, u32)> {
        let LinearKernel::MatvecInteger { shape, .. } = self.device.kernels().single_token(&matrix.kind(self.exact))
        else {
            return None;
        };
        // Every workgroup makes them anew, which some tokens of a large matrix don't outweigh.
        let weights = u64::from(matrix.rows) * u64::from(matrix.groups) * GROUP as u64;
        let staged = [4, 2].into_iter().find(|tokens| u64::from(*tokens) * weights <= STAGED_PRODUCTS);
        Some((shape, staged.unwrap_or(1)))
    }

    /// The kernels that multiply a part of a matrix, of `rows` rows, with activations that are encoded before, in steps of many tokens.
    fn encoded_kernels(&self, matrix: &Matrix, rows: u32) -> Option<Variants> {
        self.encoding.and_then(|encoding| self.device.kernels().linear_encoded(matrix.layout.format, rows, encoding))
    }

    /// The encoding of activations that a matrix's kernels take in steps of more than so many tokens; `None` for f32.
    pub(super) fn encoding_for(&self, matrix: &Matrix) -> Option<(Encoding, u32)> {
        if matrix.unit > 1 {
            let kernels = self.device.kernels();
            let taken = |encoding: &Encoding| kernels.linear_of_experts(matrix.layout, Some(*encoding)).is_some();
            return self.encoding.filter(taken).map(|encoding| (encoding, 0));
        }
        match self.step {
            StepSize::Few => self.integer_kernel(matrix).map(|(shape, staged)| (shape.encoding, staged)),
            StepSize::Many => self
                .encoding
                .filter(|_| self.encoded_kernels(matrix, matrix.rows).is_some())
                .map(|encoding| (encoding, 0)),
        }
    }

    /// The encoding of activations that some of these matrices' kernels take in steps of more than so many tokens, if any do.
    pub(super) fn encoding_of(&self, matrices: &[Placed<'_>]) -> Option<(Encoding, u32)> {
        matrices.iter().filter_map(|placed| self.encoding_for(placed.matrix)).min_by_key(|(_, staged)| *staged)
    }

    /// The most tokens of a step in which some of these matrices' kernels take f32.
    pub(super) fn takes_floats(&self, matrices: &[Placed<'_>]) -> u32 {
        let most = |placed: &Placed<'_>| self.encoding_for(placed.matrix).map_or(u32::MAX, |(_, staged)| staged);
        matrices.iter().map(most).max().unwrap_or(u32::MAX)
    }

    /// Appends the products of `input` with `matrices`, each at its offset in a row of the destination; a dispatch for each part of a
    /// matrix.
    pub(super) fn linear(
        &self,
        builder: &mut ProgramBuilder,
        count: Count,
        input: Input<'_>,
        matrices: &[Placed<'_>],
        destination: Destination<'_>,
    ) {
        let tokens = if count.is_of_outputs() { self.workspace.output_capacity } else { self.workspace.token_capacity };
        let Destination { gate_rows, .. } = destination;
        let kernels = self.device.kernels();
        let parts = matrices.iter().flat_map(|placed| placed.matrix.parts.iter().map(move |part| (placed, part)));
        for (placed, part) in parts {
            let (matrix, format) = (placed.matrix, placed.matrix.layout.format);
            let params = Linear {
                outputs: if gate_rows > 0 { gate_rows } else { part.rows },
                tokens,
                y_offset: placed.first + part.first,
                ..self.product(placed, part, input, destination)
            };
            let operands = self.operands(placed, part, input, destination);
            match self.step {
                StepSize::Many => {
                    let encoded = self.encoded_kernels(matrix, part.rows);
                    builder.dispatch(params, encoded.unwrap_or_else(|| kernels.linear(format)), count, &operands);
                }
                StepSize::Few => {
                    let staged = self.integer_kernel(matrix);
                    let most = staged.map_or(u32::MAX, |(_, staged)| staged);
                    let single = kernels.single_token(&matrix.kind(self.exact));
                    builder.dispatch(params, kernels.few(format, single), count.up_to(most), &operands);
                    if let Some((shape, staged)) = staged {
                        let encoded = Linear { norm_width: 0, ..params };
                        let variants = kernels.few_encoded(format, shape);
                        builder.dispatch(encoded, variants, count.over(staged), &operands);
                    }
                }
            }
        }
    }

    /// The parameters common to all products with a part of a matrix.
    pub(super) fn product(
        &self,
        placed: &Placed<'_>,
        part: &MatrixPart,
        input: Input<'_>,
        destination: Destination<'_>,
    ) -> Linear {
        let groups = placed.matrix.groups;
        Linear {
            groups,
            x_stride: groups * GROUP as u32 / 4,
            y_stride: destination.stride,
            y_offset: placed.first,
            y_groups: if destination.planes { destination.stride / GROUP as u32 } else { 0 },
            accumulate: destination.accumulate.into(),
            gate_outputs: destination.gate_rows,
            norm_width: if input.norm.is_some() { self.spec.width } else { 0 },
            epsilon: input.norm.map_or(0.0, |(_, epsilon)| epsilon),
            bias: if placed.bias.is_some() { 1 + part.first } else { 0 },
            activation: destination.activation as u32,
            scale: destination.scale,
            soft_cap: destination.soft_cap,
            ..Linear::default()
        }
    }

    /// The buffers bound by a product with a part of a matrix.
    pub(super) fn operands<'b>(
        &'b self,
        placed: &Placed<'b>,
        part: &'b MatrixPart,
        input: Input<'b>,
        destination: Destination<'b>,
    ) -> Vec<(&'static str, &'b Buffer)> {
        let a = self.workspace;
        let mut operands = vec![
            ("codes", &part.codes),
            ("x", input.x),
            ("codes_x", &a.codes),
            ("scales_x", &a.scales),
            ("y", destination.y),
            ("norm", input.norm.map_or(input.x, |(weight, _)| weight)),
            ("bias", placed.bias.unwrap_or(input.x)),
            ("experts", &a.experts.chosen),
        ];
        operands.extend(part.scales.as_ref().map(|scales| ("scales", scales)));
        operands
    }
}
