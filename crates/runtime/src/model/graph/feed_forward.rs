//! Feed-forward networks.

use wgslm_shaders::format::GROUP;
use wgslm_shaders::{Gate, GateVariant};

use super::linear::{Destination, Input, Placed};
use super::norms::Sublayer;
use super::{Count, Graph, GraphLayer, ProgramBuilder, StepSize};
use crate::Result;
use crate::model::FeedForwardSpec;
use crate::model::tensors::GATE_UP;
use crate::model::workspace::stride;

impl Graph<'_> {
    /// Appends a layer's feed-forward network.
    pub(super) fn feed_forward(&self, builder: &mut ProgramBuilder, layer: GraphLayer<'_>) -> Result<()> {
        let spec = &layer.spec.feed_forward;
        let a = self.workspace;
        let name = |tensor| layer.tensor(tensor);
        let (gate_up, gate, up) = (name(GATE_UP), name("ffn_gate"), name("ffn_up"));
        let matrices = if spec.gated {
            self.matrices(&[&[(&gate_up, 0)], &[(&gate, 0), (&up, spec.width)]])?
        } else {
            self.matrices(&[&[(&up, 0)]])?
        };
        let input = self.sublayer_input(builder, (layer, Sublayer::FeedForward), &matrices)?;
        let down = self.matrices(&[&[(&name("ffn_down"), 0)]])?;
        let hidden =
            Destination { activation: spec.activation, ..Destination::in_planes(&a.hidden, stride(spec.width)) };
        let input = if !spec.gated {
            self.linear(builder, Count::TOKENS, input, &matrices, hidden);
            self.encoded(builder, &a.hidden, spec.width, &down)
        } else if self.step == StepSize::Few && matrices.len() == 1 && matrices[0].matrix.parts.len() == 1 {
            let gated = Destination { gate_rows: spec.width, ..hidden };
            self.linear(builder, Count::TOKENS, input, &matrices, gated);
            self.encoded(builder, &a.hidden, spec.width, &down)
        } else {
            let both = Destination::plain(&a.gate_up, stride(2 * spec.width));
            self.linear(builder, Count::TOKENS, input, &matrices, both);
            self.gate(builder, Count::TOKENS, spec, &down)
        };
        self.linear(builder, Count::TOKENS, input, &down, self.sublayer_output(layer.spec));
        self.finish_sublayer(builder, (layer, Sublayer::FeedForward))
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
        let gate = Gate {
            width: spec.width,
            x_stride: stride(2 * spec.width),
            y_stride: stride(spec.width),
            y_groups: stride(spec.width) / GROUP as u32,
            activation: spec.activation as u32,
            gated: 1,
        };
        let resources = [("x", &a.gate_up), ("y", &a.hidden), ("codes_x", &a.codes), ("scales_x", &a.scales)];
        let mut append = |encoding, count| builder.dispatch(gate, GateVariant { encoding }, count, &resources);
        match self.encoding_of(next) {
            None => append(None, count),
            Some((encoding, 0)) => append(Some(encoding), count),
            Some((encoding, staged)) => {
                append(Some(encoding), count.over(staged));
                append(None, count.up_to(staged));
            }
        }
        Input { x: &a.hidden, norm: None }
    }
}
