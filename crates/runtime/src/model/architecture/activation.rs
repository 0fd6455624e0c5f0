//! The activation of feed-forward networks from metadata.

use wgslm_formats::Result;
use wgslm_shaders::Activation;

use super::keys::Keys;
use crate::model::ModelSpec;

/// The activations that can be run, gated or not, by their names in Hugging Face's configurations. GELU is computed by its tanh
/// approximation under all of its names, as in llama.cpp; the exact GELU differs by less than 0.0005.
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
    /// Gives `spec` the activation that the metadata names; without one it keeps its architecture's. gpt-oss keeps its own,
    /// whatever its metadata names.
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
