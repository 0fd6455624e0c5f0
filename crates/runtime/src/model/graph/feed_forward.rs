//! Feed-forward networks.

use wgslm_shaders::format::GROUP;
use wgslm_shaders::{Gate, GateVariant};

use super::linear::{Destination, Input, Leaves, Next, Placed};
use super::norms::Sublayer;
use super::{Count, Graph, GraphLayer, ProgramBuilder, StepSize};
use crate::Result;
use crate::model::FeedForwardSpec;
use crate::model::tensors::GATE_UP;
use crate::model::workspace::stride;

impl Graph<'_> {
    /// The first matrices of a feed-forward network: that of up and, where there is one, that of the gate.
    pub(super) fn feed_forward_matrices(&self, layer: GraphLayer<'_>) -> Result<Vec<Placed<'_>>> {
        let name = |tensor| layer.tensor(tensor);
        let (gate_up, gate, up) = (name(GATE_UP), name("ffn_gate"), name("ffn_up"));
        if layer.spec.feed_forward.gated {
            return self.matrices(&[&[(&gate_up, 0)], &[(&gate, 0), (&up, layer.spec.feed_forward.width)]]);
        }
        self.matrices(&[&[(&up, 0)]])
    }

    /// Appends a layer's feed-forward network, from the input of its first matrices to the residual stream, and returns true where that is
    /// left as the `next` sublayer wants it.
    pub(super) fn feed_forward(
        &self,
        builder: &mut ProgramBuilder,
        layer: GraphLayer<'_>,
        (input, matrices): (Input<'_>, &[Placed<'_>]),
        next: Option<Next<'_>>,
    ) -> Result<bool> {
        let (a, spec) = (self.workspace, &layer.spec.feed_forward);
        let down = self.matrices(&[&[(&layer.tensor("ffn_down"), 0)]])?;
        let fuses = self.step == StepSize::Few && matrices.len() == 1 && matrices[0].matrix.parts.len() == 1;
        let input = if spec.gated && !fuses {
            let both = Destination::plain(&a.gate_up, stride(2 * spec.width));
            self.linear(builder, Count::TOKENS, input, matrices, both);
            self.gate(builder, Count::TOKENS, spec, &down)
        } else {
            let leaves = self.encoding_of(&down).filter(|_| self.can_leave_codes(matrices));
            let leaves = leaves.map(|encoding| Leaves { encoding, encoded: &a.encoded, norm: None });
            let hidden = Destination {
                activation: spec.activation,
                gate_rows: if spec.gated { spec.width } else { 0 },
                leaves,
                ..Destination::in_planes(&a.hidden, stride(spec.width))
            };
            self.linear(builder, Count::TOKENS, input, matrices, hidden);
            match leaves {
                Some(_) => Input { x: &a.hidden, encoded: &a.encoded, norm: None },
                None => self.encoded(builder, &a.hidden, spec.width, &down),
            }
        };
        self.finish_sublayer(builder, (layer, Sublayer::FeedForward), (input, &down), next)
    }

    /// Appends the gating of rows that hold the gate's values and then the values to gate. The result is encoded where the matrix
    /// that follows takes encoded activations.
    pub(super) fn gate(
        &self,
        builder: &mut ProgramBuilder,
        count: Count,
        spec: &FeedForwardSpec,
        next: &[Placed<'_>],
    ) -> Input<'_> {
        let a = self.workspace;
        let encoding = self.encoding_of(next);
        builder.dispatch(
            Gate {
                width: spec.width,
                x_stride: stride(2 * spec.width),
                y_stride: stride(spec.width),
                y_groups: stride(spec.width) / GROUP as u32,
                activation: spec.activation as u32,
                gated: 1,
            },
            GateVariant { encoding },
            count,
            &[("x", &a.gate_up), ("y", &a.hidden), ("codes_x", &a.encoded.codes), ("scales_x", &a.encoded.scales)],
        );
        Input { x: &a.hidden, encoded: &a.encoded, norm: None }
    }
}
