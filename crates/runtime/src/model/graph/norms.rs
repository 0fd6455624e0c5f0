//! Norms of the residual stream, before and after sublayers.

use wgslm_gpu::Buffer;
use wgslm_shaders::Norm;
use wgslm_shaders::format::GROUP;

use super::linear::{Destination, Input, Placed};
use super::{Count, Graph, GraphLayer, ProgramBuilder, StepSize};
use crate::Result;
use crate::model::tensors::{bias_of, norms_after};
use crate::model::workspace::stride;
use crate::model::{LayerSpec, NormKind, NormPlace, NormSpec};

/// The two sublayers of a layer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Sublayer {
    /// The mixer: attention or a convolution.
    Mixer,
    FeedForward,
}

impl Graph<'_> {
    /// The input of a sublayer's first matrices: the residual stream, normalised where the model has a norm before the sublayer.
    /// The norm is left to the matrices' kernels where they can apply it.
    pub(super) fn sublayer_input(
        &self,
        builder: &mut ProgramBuilder,
        (layer, sublayer): (GraphLayer<'_>, Sublayer),
        matrices: &[Placed<'_>],
    ) -> Result<Input<'_>> {
        if !layer.spec.norm_place.is_before() {
            return Ok(self.encoded(builder, &self.workspace.residual, self.spec.width, matrices));
        }
        let norm = match sublayer {
            Sublayer::Mixer => "attn_norm",
            Sublayer::FeedForward => self.weights.layout().feed_forward_norm,
        };
        self.normed(builder, (&layer.tensor(norm), layer.spec.norm), matrices, (Count::TOKENS, false))
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

    /// Appends the norm between a sublayer's last product and the residual stream, where the model has one.
    pub(super) fn finish_sublayer(
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
        let resources = [
            ("x", &a.residual),
            ("weight", weight),
            ("bias", bias),
            ("y", &a.normed),
            ("codes_x", &a.codes),
            ("scales_x", &a.scales),
            ("outputs", &a.outputs),
        ];
        let mut append = |encoding, count| {
            let variant = self.device.kernels().norm(gathered, encoding);
            builder.dispatch(self.norm_params(norm), variant, count, &resources);
        };
        if let Some((encoding, staged)) = self.encoding_of(matrices) {
            append(Some(encoding), count.over(staged));
        }
        // Rows that are gathered, and layer norms, are normalised before.
        if self.step == StepSize::Few && norm.kind == NormKind::Rms && !gathered {
            return Ok(Input { x: &a.residual, norm: Some((weight, norm.epsilon)) });
        }
        let floats = self.takes_floats(matrices);
        if floats > 0 {
            append(None, count.up_to(floats));
        }
        Ok(Input { x: &a.normed, norm: None })
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
