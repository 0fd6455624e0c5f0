//! The one graph builder: from a spec and its weights to programs of dispatches.

mod attention;
mod convolution;
mod count;
mod embedding;
mod experts;
mod feed_forward;
mod linear;
mod norms;
mod outputs;

use wgslm_gpu::Buffer;
use wgslm_shaders::format::GROUP;
use wgslm_shaders::{Encoding, Quantise, QuantiseVariant};

use self::linear::{Input, Placed};
use super::state::{KvCache, States};
use super::tensors::layer_tensor;
use super::workspace::{Workspace, stride};
use super::{LayerSpec, MixerSpec, ModelSpec, Weights};
use crate::{Device, Result};

pub(crate) use self::count::{Count, Counts, Program, ProgramBuilder};

/// Builds the programs of a model.
pub(crate) struct Graph<'a> {
    pub(crate) device: &'a Device,
    pub(crate) spec: &'a ModelSpec,
    pub(crate) weights: &'a Weights,
    pub(crate) workspace: &'a Workspace,
    pub(crate) kv: &'a KvCache,
    pub(crate) states: &'a States,
    /// The most tokens that a sequence can have.
    pub(crate) context: u32,
    /// The number of tokens that the programs are for.
    pub(crate) step: StepSize,
    /// The encoding of activations in steps of many tokens, for matrices that have kernels for it; f32 for others, and for all where
    /// absent.
    pub(crate) encoding: Option<Encoding>,
    /// Steps of few tokens don't round activations to 8 bits.
    pub(crate) exact: bool,
}

/// The number of tokens that a program is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StepSize {
    /// A few: attention is split, and the kernels of matrices also apply the norm before and the gate or the sum after. Up to a number
    /// of tokens they encode activations themselves, for more a dispatch before does.
    Few,
    /// Many.
    Many,
}

/// A layer of the spec and its index.
#[derive(Clone, Copy)]
struct GraphLayer<'a> {
    index: usize,
    spec: &'a LayerSpec,
}

impl GraphLayer<'_> {
    /// The full name of one of the layer's tensors.
    fn tensor(&self, name: &str) -> String {
        layer_tensor(self.index, name)
    }
}

impl Graph<'_> {
    /// The program from tokens to the residual stream after the last layer.
    pub(crate) fn body(&self) -> Result<Program> {
        let mut builder = ProgramBuilder::default();
        self.embed(&mut builder)?;
        for (index, layer) in self.spec.layers.iter().enumerate() {
            let layer = GraphLayer { index, spec: layer };
            match &layer.spec.mixer {
                MixerSpec::Attention(attention) => self.attention(&mut builder, layer, attention)?,
                MixerSpec::ShortConvolution { taps } => self.convolution(&mut builder, layer, *taps)?,
            }
            match layer.spec.feed_forward.experts {
                None => self.feed_forward(&mut builder, layer)?,
                Some(experts) => self.experts(&mut builder, layer, experts)?,
            }
        }
        Ok(builder.build(self.device.gpu()))
    }

    /// Rows of `width` values in planes as the input of `matrices`; appends their encoding for the steps in which a matrix takes it.
    fn encoded<'b>(
        &'b self,
        builder: &mut ProgramBuilder,
        x: &'b Buffer,
        width: u32,
        matrices: &[Placed<'_>],
    ) -> Input<'b> {
        let a = self.workspace;
        if let Some((encoding, staged)) = self.encoding_of(matrices) {
            builder.dispatch(
                Quantise { groups: stride(width) / GROUP as u32, x_stride: stride(width) / 4 },
                QuantiseVariant::Quantise(encoding),
                Count::TOKENS.over(staged),
                &[("x", x), ("codes_x", &a.codes), ("scales_x", &a.scales)],
            );
        }
        Input { x, norm: None }
    }
}
