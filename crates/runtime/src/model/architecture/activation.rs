//! The activation of feed-forward networks from metadata.

use wgslm_formats::Result;
use wgslm_shaders::Activation;

use super::keys::Keys;
use crate::model::ModelSpec;

/// What Hugging Face's configurations call the activations that can be run, gated or not. GELU is computed by tanh under all of its
/// names, as llama.cpp computes it; the exact one differs from that by less than 0.0005.
const ACTIVATIONS: [(&str, Activation); 10] = [
    ("silu", Activation::Silu),
    ("swish", Activation::Silu),
    ("swiglu", Activation::Silu),
    ("gelu", Activation::Gelu),
    ("gelu_new", Activation::Gelu),
    ("gelu_fast", Activation::Gelu),
    ("gelu_python", Activation::Gelu),
    ("gelu_accurate", Activation::Gelu),
    ("gelu_pytorch_tanh", Activation::Gelu),
    ("geglu", Activation::Gelu),
];

impl Keys<'_> {
    /// Gives `spec` the activation that the metadata name; without one it keeps its architecture's. gpt-oss has one of its own
    /// whatever its configuration says.
    pub(super) fn name_activation(&self, spec: &mut ModelSpec) -> Result<()> {
        const KEY: &str = "hidden_activation";
        let Some(name) = self.str(KEY)? else { return Ok(()) };
        if spec.layers.iter().any(|layer| layer.feed_forward.activation == Activation::ClampedSwiglu) {
            return Ok(());
        }
        match ACTIVATIONS.iter().find(|(known, _)| *known == name) {
            Some((_, activation)) => spec.for_layers(|layer| layer.feed_forward.activation = *activation),
            None => return Err(self.invalid(KEY, format!("{name} can't be run (silu and gelu can)"))),
        }
        Ok(())
    }
}
