//! Mixtures of experts: each token is routed to a few feed-forward networks (Shazeer et al. 2017).

use wgslm_shaders::{ExpertsVariant, Linear, MixExperts, Route};

use super::linear::{Destination, Input, Placed};
use super::norms::Sublayer;
use super::{Count, ProgramBuilder};
use super::{Graph, GraphLayer};
use crate::Result;
use crate::model::ExpertsSpec;
use crate::model::workspace::stride;

impl Graph<'_> {
    /// The router and the matrices that make what experts gate and gate it with.
    pub(super) fn expert_matrices(&self, layer: GraphLayer<'_>) -> Result<Vec<Placed<'_>>> {
        let name = |tensor| layer.tensor(tensor);
        let width = layer.spec.feed_forward.width;
        let [router, gate, up] = ["ffn_gate_inp", "ffn_gate_exps", "ffn_up_exps"].map(name);
        self.matrices(&[&[(&router, 0), (&gate, 0), (&up, width)]])
    }

    /// Appends a layer's experts, which are chosen on the device, from the input of their matrices to the residual stream.
    pub(super) fn experts(
        &self,
        builder: &mut ProgramBuilder,
        (layer, experts): (GraphLayer<'_>, ExpertsSpec),
        (input, matrices): (Input<'_>, &[Placed<'_>]),
    ) -> Result<()> {
        let (a, spec) = (self.workspace, layer.spec.feed_forward);
        let ExpertsSpec { count, used } = experts;
        let (router, gate_up) = matrices.split_at(1);
        let down = self.matrices(&[&[(&layer.tensor("ffn_down_exps"), 0)]])?;
        self.linear(builder, Count::TOKENS, input, router, Destination::plain(&a.experts.logits, stride(count)));
        builder.dispatch(
            Route { experts: count, used, stride: stride(count) },
            ExpertsVariant::Route,
            Count::TOKENS,
            &[("logits", &a.experts.logits), ("experts", &a.experts.chosen), ("weights", &a.experts.weights)],
        );
        let both = Destination::plain(&a.gate_up, stride(2 * spec.width));
        self.linear_of_experts(builder, experts, (input, used), gate_up, both);
        let input = self.gate(builder, Count::tokens_times(used), &spec, &down);
        let made = Destination::in_planes(&a.experts.made, stride(self.spec.width));
        self.linear_of_experts(builder, experts, (input, 1), &down, made);
        let output = self.sublayer_output(layer.spec);
        builder.dispatch(
            MixExperts {
                quads: stride(self.spec.width) / 4,
                used,
                stride: stride(self.spec.width) / 4,
                scale: output.scale,
                accumulate: output.accumulate.into(),
            },
            ExpertsVariant::MixExperts,
            Count::TOKENS,
            &[("weights", &a.experts.weights), ("x", &a.experts.made), ("y", output.y)],
        );
        self.norm_after(builder, (layer, Sublayer::FeedForward))
    }

    /// Appends the products of `input` with the matrices of each token's experts. Each row of `input` serves `per_row` rows of
    /// the destination.
    fn linear_of_experts(
        &self,
        builder: &mut ProgramBuilder,
        experts: ExpertsSpec,
        (input, per_row): (Input<'_>, u32),
        matrices: &[Placed<'_>],
        destination: Destination<'_>,
    ) {
        let parts = matrices.iter().flat_map(|placed| placed.matrix.parts.iter().map(move |part| (placed, part)));
        for (placed, part) in parts {
            let matrix = placed.matrix;
            let params = Linear {
                outputs: matrix.unit,
                tokens: self.workspace.token_capacity * experts.used,
                first_expert: part.first / matrix.unit,
                expert_count: part.rows / matrix.unit,
                per_row,
                ..self.product(placed, part, input, destination)
            };
            let kernel = self.device.kernels().linear_of_experts(matrix.layout, self.encoding_for(matrix));
            if let Some(kernel) = kernel {
                let operands = self.operands(placed, part, input, destination);
                builder.dispatch(params, kernel, Count::tokens_times(experts.used), &operands);
            }
        }
    }
}
