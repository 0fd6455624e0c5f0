//! Feed-forward networks by experts: each row goes to a few of them (Shazeer et al. 2017).

use wgslm_shaders::format::GROUP;
use wgslm_shaders::{Kernel, Linear, MixExperts, Route, Variant};

use super::Graph;
use super::linear::{Destination, Input, Placed};
use super::norms::Sublayer;
use crate::Result;
use crate::gpu::{Count, ProgramBuilder};
use crate::model::ExpertsSpec;
use crate::model::activations::stride;
use crate::model::tensors::layer_tensor;

impl Graph<'_> {
    /// A layer's experts, chosen on the device.
    pub(super) fn experts(
        &self,
        builder: &mut ProgramBuilder,
        layer: usize,
        experts: ExpertsSpec,
        fused: bool,
    ) -> Result<()> {
        let (a, spec) = (self.activations, self.spec.feed_forward);
        let ExpertsSpec { count, used } = experts;
        let name = |tensor| layer_tensor(layer, tensor);
        let [router, gate, up, down] = ["ffn_gate_inp", "ffn_gate_exps", "ffn_up_exps", "ffn_down_exps"].map(name);
        let router = self.matrices(&[&[(&router, 0)]])?;
        let gate_up = self.matrices(&[&[(&gate, 0), (&up, spec.width)]])?;
        let down = self.matrices(&[&[(&down, 0)]])?;
        let all = [&router[..], &gate_up].concat();
        let input = self.sublayer_input(builder, (layer, Sublayer::FeedForward), &all, fused)?;
        self.linear(builder, Count::Rows, input, &router, Destination::plain(&a.experts.logits, stride(count)));
        builder.dispatch(
            Route { experts: count, used, stride: stride(count) },
            Variant::plain(Kernel::Route),
            Count::Rows,
            &[("logits", &a.experts.logits), ("experts", &a.experts.chosen), ("weights", &a.experts.weights)],
        );
        let both = Destination::plain(&a.gate_up, stride(2 * spec.width));
        self.linear_of_experts(builder, experts, (input, used), &gate_up, both);
        let input = self.gate(builder, Count::RowsTimes(used), &down);
        let made = Destination::in_planes(&a.experts.made, stride(self.spec.width));
        self.linear_of_experts(builder, experts, (input, 1), &down, made);
        let output = self.sublayer_output();
        builder.dispatch(
            MixExperts {
                quads: stride(self.spec.width) / 4,
                used,
                stride: stride(self.spec.width) / 4,
                scale: output.scale,
                accumulate: output.accumulate.into(),
            },
            Variant::plain(Kernel::MixExperts),
            Count::Rows,
            &[("weights", &a.experts.weights), ("x", &a.experts.made), ("y", output.y)],
        );
        self.finish_sublayer(builder, (layer, Sublayer::FeedForward))
    }

    /// Products of `input`, of whose rows each is for `per_row` rows of the destination, with the matrices of those rows' experts.
    fn linear_of_experts(
        &self,
        builder: &mut ProgramBuilder,
        experts: ExpertsSpec,
        (input, per_row): (Input<'_>, u32),
        matrices: &[Placed<'_>],
        destination: Destination<'_>,
    ) {
        let a = self.activations;
        let parts = matrices.iter().flat_map(|placed| placed.matrix.parts.iter().map(move |part| (placed, part)));
        for (Placed { matrix, bias, first }, part) in parts {
            let mut resources = vec![
                ("codes", &part.codes),
                ("x", input.x),
                ("codes_x", &a.codes),
                ("scales_x", &a.scales),
                ("y", destination.y),
                ("norm", input.norm.unwrap_or(input.x)),
                ("bias", bias.unwrap_or(input.x)),
                ("experts", &a.experts.chosen),
            ];
            resources.extend(part.scales.as_ref().map(|scales| ("scales", scales)));
            let params = Linear {
                rows: matrix.unit,
                groups: matrix.groups,
                columns: a.row_capacity * experts.used,
                x_stride: matrix.groups * GROUP as u32 / 4,
                y_stride: destination.stride,
                y_offset: *first,
                y_groups: if destination.planes { destination.stride / GROUP as u32 } else { 0 },
                norm_width: if input.norm.is_some() { self.spec.width } else { 0 },
                epsilon: self.spec.norm.epsilon,
                bias: if bias.is_some() { 1 + part.first } else { 0 },
                first_expert: part.first / matrix.unit,
                expert_count: part.rows / matrix.unit,
                per_row,
                ..Linear::default()
            };
            let capabilities = self.gpu.capabilities();
            let encoding = self.encoding_for(matrix);
            if let Some(variant) = capabilities.linear_of_experts(matrix.layout, encoding) {
                builder.dispatch(params, variant, Count::RowsTimes(experts.used), &resources);
            }
        }
    }
}
