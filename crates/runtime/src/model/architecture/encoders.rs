//! Encoders, which make embeddings.

use wgslm_formats::Result;
use wgslm_shaders::Activation;

use super::keys::Keys;
use super::rope::Pairs;
use crate::model::{EmbeddingSpec, Layer, ModelSpec, NormKind, NormPlace, OutputSpec, Pooling};

/// BERT (Devlin et al. 2018): embeddings of positions and kinds of token, biases everywhere, layer norms after sums.
pub(super) fn bert(keys: &Keys<'_>) -> Result<ModelSpec> {
    let mut spec = encoder(keys)?;
    spec.embedding.positions = true;
    spec.layers.fill(Layer::Attention { window: 0, rope: None });
    spec.ropes.clear();
    spec.feed_forward.activation = Activation::Gelu;
    spec.feed_forward.gated = false;
    Ok(spec)
}

/// Nomic's BERT: a rope and a gated network.
pub(super) fn nomic_bert(keys: &Keys<'_>) -> Result<ModelSpec> {
    let mut spec = encoder(keys)?;
    spec.attention.fused = true;
    Ok(spec)
}

fn encoder(keys: &Keys<'_>) -> Result<ModelSpec> {
    let mut spec = keys.decoder(Pairs::Halves)?;
    let types = keys.metadata.u32("tokenizer.ggml.token_type_count")?.unwrap_or(2);
    spec.embedding = EmbeddingSpec { scale: 1.0, positions: false, types, norm: true };
    spec.norm.kind = NormKind::Layer;
    spec.norm.place = NormPlace::AfterSum;
    spec.attention.causal = false;
    spec.norm.output = None;
    if !spec.embeds() {
        // Sentences are pooled by their mean unless a model says otherwise.
        spec.output = OutputSpec::Embedding(Pooling::Mean);
    }
    Ok(spec)
}
