//! Norms of the residual stream, before and after sublayers.

use wgslm_gpu::Buffer;
use wgslm_shaders::format::GROUP;
use wgslm_shaders::{Norm, Quantise, QuantiseInput, QuantiseVariant};

use super::linear::{Destination, Input, Leaves, Next, Placed};
use super::{Count, Graph, GraphLayer, ProgramBuilder, StepSize};
use crate::Result;
use crate::model::tensors::{bias_of, norms_after};
use crate::model::workspace::stride;
use crate::model::{LayerSpec, MixerSpec, NormKind, NormPlace, NormSpec};

/// The two sublayers of a layer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Sublayer {
    /// The mixer: attention or a convolution.
    Mixer,
    FeedForward,
}

impl Graph<'_> {
    /// The graph for a sublayer's first matrices.
    pub(super) fn for_sublayer(&self, (layer, sublayer): (GraphLayer<'_>, Sublayer)) -> Self {
        match (&layer.spec.mixer, sublayer) {
            (MixerSpec::Attention(spec), Sublayer::Mixer) => self.for_scores(spec),
            _ => Self { ..*self },
        }
    }

    /// The name of the norm before a sublayer.
    pub(super) fn norm_before(&self, (layer, sublayer): (GraphLayer<'_>, Sublayer)) -> String {
        layer.tensor(match sublayer {
            Sublayer::Mixer => "attn_norm",
            Sublayer::FeedForward => self.weights.layout().feed_forward_norm,
        })
    }

    /// The input of a sublayer's first matrices: the residual stream, normalised where the model has a norm before the sublayer. The
    /// norm is left to the matrices' kernels where they can apply it. If the stream `is_encoded` already, so it stays.
    pub(super) fn sublayer_input(
        &self,
        builder: &mut ProgramBuilder,
        place: (GraphLayer<'_>, Sublayer),
        matrices: &[Placed<'_>],
        is_encoded: bool,
    ) -> Result<Input<'_>> {
        let (a, layer) = (self.workspace, place.0.spec);
        if !layer.norm_place.is_before() {
            return Ok(self.encoded(builder, &a.residual, self.spec.width, matrices));
        }
        let name = self.norm_before(place);
        if is_encoded {
            let norm = Some((self.weights.floats(&name)?, layer.norm.epsilon));
            return Ok(Input { x: &a.residual, encoded: &a.encoded_residual, norm });
        }
        self.normed(builder, (&name, layer.norm), matrices, (Count::TOKENS, false))
    }

    /// The destination of a sublayer's last product.
    pub(super) fn sublayer_output(&self, layer: &LayerSpec) -> Destination<'_> {
        let (a, stride) = (self.workspace, stride(self.spec.width));
        if layer.norm_place.is_after() {
            return Destination::in_planes(&a.projected, stride);
        }
        let scale = layer.residual_scale;
        Destination { accumulate: true, scale, ..Destination::in_planes(&a.residual, stride) }
    }

    /// Appends a sublayer's last product, into the residual stream, and returns true where that is left as the `next` sublayer wants it.
    pub(super) fn finish_sublayer(
        &self,
        builder: &mut ProgramBuilder,
        place: (GraphLayer<'_>, Sublayer),
        (input, matrices): (Input<'_>, &[Placed<'_>]),
        next: Option<Next<'_>>,
    ) -> Result<bool> {
        let layer = place.0.spec;
        let can = self.can_leave_codes(matrices) && !layer.norm_place.is_after();
        let leaves = next.filter(|_| can).map(|Next { encoding, norm }| Leaves {
            encoding,
            encoded: &self.workspace.encoded_residual,
            norm: Some(norm),
        });
        let output = Destination { leaves, ..self.sublayer_output(layer) };
        self.linear(builder, Count::TOKENS, input, matrices, output);
        self.norm_after(builder, place)?;
        Ok(leaves.is_some())
    }

    /// Appends the norm between a sublayer's last product and the residual stream, where the model has one.
    pub(super) fn norm_after(
        &self,
        builder: &mut ProgramBuilder,
        (layer, sublayer): (GraphLayer<'_>, Sublayer),
    ) -> Result<()> {
        let LayerSpec { norm, norm_place: place, residual_scale: scale, .. } = *layer.spec;
        if !place.is_after() {
            return Ok(());
        }
        let [mixer, feed_forward] = norms_after(place);
        let name = layer.tensor(if sublayer == Sublayer::Mixer { mixer } else { feed_forward });
        if place == NormPlace::AfterSum {
            return self.norm_projected(builder, &name, norm, Norm { of_sum: 1, ..self.norm_params(norm) });
        }
        self.norm_projected(builder, &name, norm, Norm { accumulate: 1, scale, ..self.norm_params(norm) })
    }

    /// Appends a norm of the projected values, into the residual stream.
    pub(super) fn norm_projected(
        &self,
        builder: &mut ProgramBuilder,
        name: &str,
        norm: NormSpec,
        params: Norm,
    ) -> Result<()> {
        let a = self.workspace;
        let (weight, bias) = self.norm_weights(name, norm)?;
        let resources = [("x", &a.projected), ("weight", weight), ("bias", bias), ("y", &a.residual)];
        builder.dispatch(params, self.device.kernels().norm(false, None), Count::TOKENS, &resources);
        Ok(())
    }

    /// The residual stream, normalised by the norm after the last layer.
    pub(super) fn output_norm(
        &self,
        builder: &mut ProgramBuilder,
        norm: NormSpec,
        matrices: &[Placed<'_>],
        count: (Count, bool),
    ) -> Result<Input<'_>> {
        let name = format!("{}.weight", self.weights.layout().output_norm);
        self.normed(builder, (&name, norm), matrices, count)
    }

    /// The residual stream, normalised and encoded as `matrices` take it; with `gathered`, of the tokens that the outputs name.
    fn normed(
        &self,
        builder: &mut ProgramBuilder,
        (name, norm): (&str, NormSpec),
        matrices: &[Placed<'_>],
        (count, gathered): (Count, bool),
    ) -> Result<Input<'_>> {
        let a = self.workspace;
        let (weight, bias) = self.norm_weights(name, norm)?;
        let encoded = &a.encoded_residual;
        let resources = [
            ("x", &a.residual),
            ("weight", weight),
            ("bias", bias),
            ("y", &a.normed),
            ("codes_x", &encoded.codes),
            ("scales_x", &encoded.scales),
            ("outputs", &a.outputs),
        ];
        let mut append = |encoding| {
            let variant = self.device.kernels().norm(gathered, encoding);
            builder.dispatch(self.norm_params(norm), variant, count, &resources);
        };
        let encoding = self.encoding_of(matrices);
        let takes_floats = self.takes_floats(matrices);
        if self.step == StepSize::Many || norm.kind == NormKind::Layer {
            encoding.iter().for_each(|encoding| append(Some(*encoding)));
            if takes_floats {
                append(None);
            }
            return Ok(Input { x: &a.normed, encoded, norm: None });
        }
        // Of few tokens, the matrices' kernels apply the norm.
        if let Some(encoding) = encoding {
            let input = if gathered { QuantiseInput::GatheredNorm } else { QuantiseInput::Norm };
            let rows = if gathered { a.output_capacity } else { a.token_capacity };
            let params = Quantise { rows, ..self.quantise_params(self.spec.width) };
            builder.dispatch(params, QuantiseVariant::Quantise { encoding, input }, count, &resources);
        }
        if gathered && takes_floats {
            let variant = self.device.kernels().norm(true, None);
            builder.dispatch(self.norm_params(norm), variant, count, &resources);
            return Ok(Input { x: &a.normed, encoded, norm: None });
        }
        Ok(Input { x: &a.residual, encoded, norm: Some((weight, norm.epsilon)) })
    }

    fn norm_weights(&self, name: &str, norm: NormSpec) -> Result<(&Buffer, &Buffer)> {
        let weight = self.weights.floats(name)?;
        let bias = match norm.kind {
            NormKind::Rms => weight,
            NormKind::Layer => self.weights.floats(&bias_of(name))?,
        };
        Ok((weight, bias))
    }

    pub(super) fn norm_params(&self, norm: NormSpec) -> Norm {
        let width = self.spec.width;
        Norm {
            width,
            groups: stride(width) / GROUP as u32,
            stride: stride(width) / 4,
            epsilon: norm.epsilon,
            centred: (norm.kind == NormKind::Layer).into(),
            accumulate: 0,
            of_sum: 0,
            scale: 1.0,
        }
    }
}
