//! Products with matrices.

use wgslm_gpu::{Buffer, Variants};
use wgslm_shaders::format::GROUP;
use wgslm_shaders::{
    Activation, Encoding, IntegerShape, Linear, LinearKernel, Quantise, QuantiseInput, QuantiseVariant,
};

use super::{Count, Graph, ProgramBuilder, StepSize};
use crate::Result;
use crate::model::workspace::Encoded;
use crate::model::{Matrix, MatrixPart};

/// The most tokens of a step for which the kernel of a matrix of `weights` weights leaves its products in codes for the next matrix. A
/// workgroup has to make 32 outputs then; for more tokens, and of larger matrices, so few and large workgroups cost more than a dispatch
/// that encodes. Measured on an H200.
fn leaving_tokens(weights: u64) -> u32 {
    if weights <= 20_000_000 { 4 } else { 2 }
}

/// The input of a matrix product: rows in planes, their codes for kernels that take such, and, where the kernel is to apply the norm
/// before it, the norm's weights and epsilon; codes have been multiplied by these weights.
#[derive(Clone, Copy)]
pub(super) struct Input<'a> {
    pub(super) x: &'a Buffer,
    pub(super) encoded: &'a Encoded,
    pub(super) norm: Option<(&'a Buffer, f32)>,
}

/// The form in which the input of the next sublayer's matrices is wanted: the encoding, and the weights of the norm before.
#[derive(Clone, Copy)]
pub(super) struct Next<'a> {
    pub(super) encoding: Encoding,
    pub(super) norm: &'a Buffer,
}

/// The codes that products are left in for the next matrix.
#[derive(Clone, Copy)]
pub(super) struct Leaves<'a> {
    pub(super) encoding: Encoding,
    pub(super) encoded: &'a Encoded,
    pub(super) norm: Option<&'a Buffer>,
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
    /// The codes to leave, where [`Graph::can_leave_codes`].
    pub(super) leaves: Option<Leaves<'a>>,
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
            leaves: None,
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

    /// The kernel for few tokens with codes of activations, if that is the choice for a matrix.
    fn integer_kernel(&self, matrix: &Matrix) -> Option<IntegerShape> {
        match self.device.kernels().single_token(&matrix.kind(self.precision)) {
            LinearKernel::MatvecInteger(shape) if matrix.unit == 1 => Some(shape),
            _ => None,
        }
    }

    /// True where the products with these matrices can be left in codes for the next one.
    pub(super) fn can_leave_codes(&self, matrices: &[Placed<'_>]) -> bool {
        let [placed] = matrices else { return false };
        let in_codes = self.integer_kernel(placed.matrix).is_some_and(|shape| shape.input == Encoding::Int8);
        self.step == StepSize::Few && in_codes && placed.matrix.parts.len() == 1 && placed.bias.is_none()
    }

    /// The kernels that multiply a part of a matrix, of `rows` rows, with activations that are encoded before, in steps of many tokens.
    fn encoded_kernels(&self, matrix: &Matrix, rows: u32) -> Option<Variants> {
        self.encoding.and_then(|encoding| self.device.kernels().linear_encoded(matrix.layout.format, rows, encoding))
    }

    /// The encoding of activations that a matrix's kernels take; `None` for f32.
    pub(super) fn encoding_for(&self, matrix: &Matrix) -> Option<Encoding> {
        match self.step {
            _ if matrix.unit > 1 => {
                let kernels = self.device.kernels();
                let taken = |encoding: &Encoding| kernels.linear_of_experts(matrix.layout, Some(*encoding)).is_some();
                self.encoding.filter(taken)
            }
            StepSize::Few => self.integer_kernel(matrix).map(|shape| shape.input),
            StepSize::Many => self.encoding.filter(|_| self.encoded_kernels(matrix, matrix.rows).is_some()),
        }
    }

    /// The encoding of activations that some of these matrices' kernels take, if any do.
    pub(super) fn encoding_of(&self, matrices: &[Placed<'_>]) -> Option<Encoding> {
        matrices.iter().find_map(|placed| self.encoding_for(placed.matrix))
    }

    /// True where some of these matrices' kernels take f32.
    pub(super) fn takes_floats(&self, matrices: &[Placed<'_>]) -> bool {
        matrices.is_empty() || matrices.iter().any(|placed| self.encoding_for(placed.matrix).is_none())
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
        if let [first, second] = matrices
            && self.pair(builder, (count, tokens), input, (first, second), destination)
        {
            return;
        }
        let parts = matrices.iter().flat_map(|placed| placed.matrix.parts.iter().map(move |part| (placed, part)));
        for (placed, part) in parts {
            let (matrix, format) = (placed.matrix, placed.matrix.layout.format);
            let params = Linear {
                outputs: if gate_rows > 0 { gate_rows } else { part.rows },
                tokens,
                y_offset: placed.first + part.first,
                ..self.product(placed, part, input, destination)
            };
            let in_integers = if self.step == StepSize::Few { self.integer_kernel(matrix) } else { None };
            let operands = self.operands(placed, part, input, destination);
            let variants = match (self.step, in_integers) {
                (StepSize::Many, _) => {
                    self.encoded_kernels(matrix, part.rows).unwrap_or_else(|| kernels.linear(format))
                }
                (_, Some(shape)) => kernels.few_in_integers(format, part.rows, shape),
                (_, None) => kernels.few(format, kernels.single_token(&matrix.kind(self.precision))),
            };
            let Some((leaves, shape)) = destination.leaves.zip(in_integers) else {
                builder.dispatch(params, variants, count, &operands);
                continue;
            };
            let shape = IntegerShape::encoding(shape.input, leaves.encoding, gate_rows > 0);
            let leaving = kernels.few_in_integers(format, part.rows, shape);
            let most = leaving_tokens(u64::from(part.rows) * u64::from(matrix.groups) * GROUP as u64);
            builder.dispatch(params, leaving, count.up_to(most), &operands);
            let more = count.over(most);
            builder.dispatch(Linear { next_norm: 0, ..params }, variants, more, &operands);
            let width = destination.stride;
            self.quantise(builder, (destination.y, width), leaves, more);
        }
    }

    /// Appends the products with two matrices in one dispatch, and returns true, where the second one's follow the first one's in the
    /// destination and there is a kernel for both.
    fn pair(
        &self,
        builder: &mut ProgramBuilder,
        (count, tokens): (Count, u32),
        input: Input<'_>,
        (first, second): (&Placed<'_>, &Placed<'_>),
        destination: Destination<'_>,
    ) -> bool {
        let [upper, lower] = [first, second].map(|placed| placed.matrix);
        let shapes = [upper, lower].map(|matrix| self.integer_kernel(matrix));
        let ([upper_part], [lower_part], [Some(shape), Some(other)]) = (&upper.parts[..], &lower.parts[..], shapes)
        else {
            return false;
        };
        let follows = second.first == first.first + upper.rows && upper.groups == lower.groups;
        let plain = first.bias.is_none() && second.bias.is_none() && destination.gate_rows == 0;
        let fits = self.step == StepSize::Few && follows && plain && shape.input == other.input;
        let rows = upper.rows + lower.rows;
        let formats = (upper.layout.format, lower.layout.format);
        let variants = self.device.kernels().few_of_pair(formats, (upper.rows, rows), shape);
        let Some(variants) = variants.filter(|_| fits && destination.leaves.is_none()) else { return false };
        let params =
            Linear { outputs: rows, tokens, second: upper.rows, ..self.product(first, upper_part, input, destination) };
        let mut operands = self.operands(first, upper_part, input, destination);
        operands.push(("codes_2", &lower_part.codes));
        operands.extend(lower_part.scales.as_ref().map(|scales| ("scales_2", scales)));
        builder.dispatch(params, variants, count, &operands);
        true
    }

    /// Appends the encoding of rows of `width` values in planes.
    pub(super) fn quantise(
        &self,
        builder: &mut ProgramBuilder,
        (x, width): (&Buffer, u32),
        Leaves { encoding, encoded, norm }: Leaves<'_>,
        count: Count,
    ) {
        let input = if norm.is_some() { QuantiseInput::Norm } else { QuantiseInput::AsItIs };
        let params =
            Quantise { groups: width / GROUP as u32, x_stride: width / 4, rows: self.workspace.token_capacity };
        let resources =
            [("x", x), ("codes_x", &encoded.codes), ("scales_x", &encoded.scales), ("weight", norm.unwrap_or(x))];
        builder.dispatch(params, QuantiseVariant::Quantise { encoding, input }, count, &resources);
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
            next_norm: destination.leaves.is_some_and(|leaves| leaves.norm.is_some()).into(),
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
            ("codes_x", &input.encoded.codes),
            ("scales_x", &input.encoded.scales),
            ("y", destination.y),
            ("norm", input.norm.map_or(input.x, |(weight, _)| weight)),
            ("bias", placed.bias.unwrap_or(input.x)),
            ("experts", &a.experts.chosen),
        ];
        operands.extend(part.scales.as_ref().map(|scales| ("scales", scales)));
        if let Some(Leaves { encoded, norm, .. }) = destination.leaves {
            let norm = norm.unwrap_or(input.x);
            operands.extend([("codes_y", &encoded.codes), ("scales_y", &encoded.scales), ("next_norm", norm)]);
        }
        operands
    }
}
