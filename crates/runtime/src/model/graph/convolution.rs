//! Short convolutions, which take the place of attention.

use wgslm_shaders::format::GROUP;
use wgslm_shaders::{ShortConvolution, StateVariant};

use super::linear::Destination;
use super::norms::Sublayer;
use super::{Count, ProgramBuilder};
use super::{Graph, GraphLayer};
use crate::Result;
use crate::model::workspace::stride;

impl Graph<'_> {
    /// Appends a layer's convolution over `taps` tokens.
    pub(super) fn convolution(&self, builder: &mut ProgramBuilder, layer: GraphLayer<'_>, taps: u32) -> Result<()> {
        let (a, width) = (self.workspace, self.spec.width);
        let Some(states) = self.states.layer(layer.index) else { unreachable!("a convolution keeps a state") };
        let name = |tensor| layer.tensor(tensor);
        let matrices = self.matrices(&[&[(&name("shortconv.in_proj"), 0)]])?;
        let input = self.sublayer_input(builder, (layer, Sublayer::Mixer), &matrices)?;
        self.linear(builder, Count::TOKENS, input, &matrices, Destination::plain(&a.qkv, stride(3 * width)));
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
        self.linear(builder, Count::TOKENS, input, &output, self.sublayer_output(layer.spec));
        self.finish_sublayer(builder, (layer, Sublayer::Mixer))
    }
}
