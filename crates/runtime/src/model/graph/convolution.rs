//! Short convolutions, which take the place of attention.

use wgslm_shaders::format::GROUP;
use wgslm_shaders::{ShortConvolution, StateVariant};

use super::linear::{Destination, Input, Next, Placed};
use super::norms::Sublayer;
use super::{Count, ProgramBuilder};
use super::{Graph, GraphLayer};
use crate::Result;
use crate::model::workspace::stride;

impl Graph<'_> {
    /// The matrices that make what is convolved, and the gates before and after.
    pub(super) fn convolution_matrices(&self, layer: GraphLayer<'_>) -> Result<Vec<Placed<'_>>> {
        self.matrices(&[&[(&layer.tensor("shortconv.in_proj"), 0)]])
    }

    /// Appends a layer's convolution over `taps` tokens, from the input of its first matrices to the residual stream, and returns true
    /// where that is left as the `next` sublayer wants it.
    pub(super) fn convolution(
        &self,
        builder: &mut ProgramBuilder,
        (layer, taps): (GraphLayer<'_>, u32),
        (input, matrices): (Input<'_>, &[Placed<'_>]),
        next: Option<Next<'_>>,
    ) -> Result<bool> {
        let (a, width) = (self.workspace, self.spec.width);
        let Some(states) = self.states.layer(layer.index) else { unreachable!("a convolution keeps a state") };
        let name = |tensor| layer.tensor(tensor);
        self.linear(builder, Count::TOKENS, input, matrices, Destination::plain(&a.qkv, stride(3 * width)));
        builder.dispatch(
            ShortConvolution {
                width,
                taps,
                x_stride: stride(3 * width),
                y_stride: stride(width),
                y_groups: stride(width) / GROUP as u32,
            },
            StateVariant::ShortConvolution,
            Count::TOKENS,
            &[
                ("tokens", &a.tokens),
                ("x", &a.qkv),
                ("kernel", self.weights.floats(&name("shortconv.conv"))?),
                ("states", states),
                ("y", &a.attended),
            ],
        );
        let output = self.matrices(&[&[(&name("shortconv.out_proj"), 0)]])?;
        let input = self.encoded(builder, &a.attended, width, &output);
        self.finish_sublayer(builder, (layer, Sublayer::Mixer), (input, &output), next)
    }
}
