//! Encoders, which make embeddings.

use wgslm_formats::Result;
use wgslm_shaders::Activation;

use super::keys::Keys;
use super::rope::Pairs;
use crate::model::{EmbeddingSpec, ModelSpec, NormKind, NormPlace, OutputSpec, Pooling, Task};

/// BERT (Devlin et al. 2018): embeddings of positions and token types, biases everywhere, layer norms after sums.
pub(super) fn bert(keys: &Keys<'_>) -> Result<ModelSpec> {
    let mut spec = encoder(keys)?;
    spec.embedding.positions = true;
    spec.for_attention(|attention| attention.rope = None);
    spec.ropes.clear();
    spec.for_layers(|layer| {
        layer.feed_forward.activation = Activation::Gelu;
        layer.feed_forward.gated = false;
    });
    Ok(spec)
}

/// Nomic's BERT: a rope and a gated network.
pub(super) fn nomic_bert(keys: &Keys<'_>) -> Result<ModelSpec> {
    encoder(keys)
}

fn encoder(keys: &Keys<'_>) -> Result<ModelSpec> {
    let mut spec = keys.decoder(Pairs::Halves)?;
    let types = keys.metadata.u32("tokenizer.ggml.token_type_count")?.unwrap_or(2);
    spec.causal = false;
    spec.normalise_by(NormKind::Layer);
    spec.for_layers(|layer| layer.norm_place = NormPlace::AfterSum);
    // The norm of the embeddings takes the place of the norm after the last layer.
    spec.embedding = EmbeddingSpec { scale: 1.0, positions: false, types, norm: spec.output_norm.take() };
    if spec.task() == Task::Generation {
        // Texts are pooled by their mean unless the metadata says otherwise.
        spec.output = OutputSpec::Embedding(Pooling::Mean);
    }
    Ok(spec)
}
