//! Products with matrices.

use wgslm_gpu::{Buffer, Variants};
use wgslm_shaders::format::GROUP;
use wgslm_shaders::{Activation, Encoding, Linear, Variant};

use super::{Count, Graph, ProgramBuilder, StepSize};
use crate::Result;
use crate::model::{Matrix, MatrixPart};

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

    /// The kernels that multiply a part of a matrix, of `rows` rows, with activations that are encoded before, if any are and there
    /// are such kernels.
    fn encoded_kernels(&self, matrix: &Matrix, rows: u32) -> Option<Variants> {
        let (kernels, format) = (self.device.kernels(), matrix.layout.format);
        match self.step {
            StepSize::Single => None,
            // A sequence that is alone in its step has the same numbers as with others.
            StepSize::Few => {
                let encoding = kernels.single_token(&matrix.kind(self.exact)).integer_encoding();
                encoding.map(|encoding| kernels.few_encoded(format, encoding))
            }
            StepSize::Many => self.encoding.and_then(|encoding| kernels.linear_encoded(format, rows, encoding)),
        }
    }

    /// The encoding of activations that a matrix's kernels take; `None` for f32.
    pub(super) fn encoding_for(&self, matrix: &Matrix) -> Option<Encoding> {
        if matrix.unit > 1 {
            return self
                .encoding
                .filter(|encoding| self.device.kernels().linear_of_experts(matrix.layout, Some(*encoding)).is_some());
        }
        match self.encoded_kernels(matrix, matrix.rows)?.of(1) {
            Variant::Linear(variant) => variant.takes(),
            _ => None,
        }
    }

    /// Appends the products of `input` with `matrices`, each at its offset in a row of the destination; one dispatch for each
    /// part of a matrix.
    pub(super) fn linear(
        &self,
        builder: &mut ProgramBuilder,
        count: Count,
        input: Input<'_>,
        matrices: &[Placed<'_>],
        destination: Destination<'_>,
    ) {
        let tokens = match count {
            Count::Outputs => self.workspace.output_capacity,
            _ => self.workspace.token_capacity,
        };
        let Destination { gate_rows, .. } = destination;
        let parts = matrices.iter().flat_map(|placed| placed.matrix.parts.iter().map(move |part| (placed, part)));
        for (placed, part) in parts {
            let matrix = placed.matrix;
            let params = Linear {
                outputs: if gate_rows > 0 { gate_rows } else { part.rows },
                tokens,
                y_offset: placed.first + part.first,
                ..self.product(placed, part, input, destination)
            };
            let kernels = self.encoded_kernels(matrix, part.rows).unwrap_or_else(|| {
                let single = self.device.kernels().single_token(&matrix.kind(self.exact));
                self.device.kernels().linear(matrix.layout.format, single)
            });
            builder.dispatch(params, kernels, count, &self.operands(placed, part, input, destination));
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
