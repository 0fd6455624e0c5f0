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
use wgslm_shaders::{Encoding, Quantise};

use self::linear::{Input, Leaves, Next, Placed};
use self::norms::Sublayer;
use super::select::Precision;
use super::state::{KvCache, States};
use super::tensors::layer_tensor;
use super::workspace::{Workspace, stride};
use super::{LayerSpec, MixerSpec, ModelSpec, NormKind, Weights};
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
    /// The precision of activations in steps of few tokens.
    pub(crate) precision: Precision,
}

/// The number of tokens that a program is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StepSize {
    /// A few: attention is split, and the kernels of matrices also apply the norm before and the gate or the sum after, and encode the
    /// result where the next matrix takes codes.
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
        let layers = self.spec.layers.iter().enumerate().map(|(index, spec)| GraphLayer { index, spec });
        let sublayers =
            layers.flat_map(|layer| [Sublayer::Mixer, Sublayer::FeedForward].map(|sublayer| (layer, sublayer)));
        let mut sublayers = sublayers.peekable();
        // Whether the sublayer before has left the encoded input of this one.
        let mut is_encoded = false;
        while let Some(place) = sublayers.next() {
            let next = match sublayers.peek() {
                Some(next) => self.wanted_by(*next)?,
                None => None,
            };
            is_encoded = self.sublayer(&mut builder, place, (is_encoded, next))?;
        }
        Ok(builder.build(self.device.gpu()))
    }

    /// Appends a sublayer, and returns true where it leaves its output as the `next` one wants it.
    fn sublayer(
        &self,
        builder: &mut ProgramBuilder,
        place: (GraphLayer<'_>, Sublayer),
        (is_encoded, next): (bool, Option<Next<'_>>),
    ) -> Result<bool> {
        let layer = place.0;
        let graph = self.for_sublayer(place);
        let matrices = self.input_matrices(place)?;
        let input = graph.sublayer_input(builder, place, &matrices, is_encoded)?;
        match (place.1, &layer.spec.mixer, layer.spec.feed_forward.experts) {
            (Sublayer::Mixer, MixerSpec::Attention(spec), _) => {
                self.attention(builder, (layer, spec), (input, &matrices), next)
            }
            (Sublayer::Mixer, MixerSpec::ShortConvolution { taps }, _) => {
                self.convolution(builder, (layer, *taps), (input, &matrices), next)
            }
            (Sublayer::FeedForward, _, None) => self.feed_forward(builder, layer, (input, &matrices), next),
            (Sublayer::FeedForward, _, Some(experts)) => {
                self.experts(builder, (layer, experts), (input, &matrices))?;
                Ok(false)
            }
        }
    }

    /// The first matrices of a sublayer.
    fn input_matrices(&self, (layer, sublayer): (GraphLayer<'_>, Sublayer)) -> Result<Vec<Placed<'_>>> {
        match (sublayer, &layer.spec.mixer, layer.spec.feed_forward.experts) {
            (Sublayer::Mixer, MixerSpec::Attention(spec), _) => self.attention_matrices(layer, spec),
            (Sublayer::Mixer, MixerSpec::ShortConvolution { .. }, _) => self.convolution_matrices(layer),
            (Sublayer::FeedForward, _, None) => self.feed_forward_matrices(layer),
            (Sublayer::FeedForward, _, Some(_)) => self.expert_matrices(layer),
        }
    }

    /// The form in which a sublayer wants its input, if the sublayer before can leave it so.
    fn wanted_by(&self, place: (GraphLayer<'_>, Sublayer)) -> Result<Option<Next<'_>>> {
        let (layer, _) = place;
        let matrices = self.input_matrices(place)?;
        let graph = self.for_sublayer(place);
        let norm = layer.spec.norm;
        let encoding = graph.encoding_of(&matrices).filter(|_| !graph.takes_floats(&matrices));
        let can_wait = self.step == StepSize::Few && layer.spec.norm_place.is_before() && norm.kind == NormKind::Rms;
        match encoding.filter(|_| can_wait) {
            None => Ok(None),
            Some(encoding) => Ok(Some(Next { encoding, norm: self.weights.floats(&self.norm_before(place))? })),
        }
    }

    /// Rows of `width` values in planes as the input of `matrices`; appends their encoding where a matrix takes it.
    fn encoded<'b>(
        &'b self,
        builder: &mut ProgramBuilder,
        x: &'b Buffer,
        width: u32,
        matrices: &[Placed<'_>],
    ) -> Input<'b> {
        let encoded = &self.workspace.encoded;
        if let Some(encoding) = self.encoding_of(matrices) {
            self.quantise(builder, (x, stride(width)), Leaves { encoding, encoded, norm: None }, Count::TOKENS);
        }
        Input { x, encoded, norm: None }
    }

    fn quantise_params(&self, width: u32) -> Quantise {
        let rows = self.workspace.token_capacity;
        Quantise { groups: stride(width) / GROUP as u32, x_stride: stride(width) / 4, rows }
    }
}
