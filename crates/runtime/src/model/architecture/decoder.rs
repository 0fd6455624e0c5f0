//! What decoders have in common: sizes, and a layer of attention and a gated network with RMS norms before them.

use wgslm_formats::Result;
use wgslm_shaders::{Activation, Attention, Route};

use super::keys::{Keys, MAX_SIZE};
use super::rope::Pairs;
use crate::model::{
    AttentionSpec, EmbeddingSpec, ExpertsSpec, FeedForwardSpec, Layer, ModelSpec, NormKind, NormPlace, NormSpec,
    OutputSpec, Pooling, QkNorm,
};

/// More layers than any model has: those of a damaged file are told from it before memory is spent on them.
const MAX_LAYERS: u32 = 4096;

impl Keys<'_> {
    /// A decoder as llama is one, with one rope for all layers, to be changed where an architecture differs.
    pub(super) fn decoder(&self, pairs: Pairs) -> Result<ModelSpec> {
        let width = self.size("embedding_length")?;
        let layers = self.size("block_count")?;
        if layers > MAX_LAYERS {
            return Err(
                self.invalid("block_count", format!("{layers} layers are more than the {MAX_LAYERS} that can be run"))
            );
        }
        let heads = self.one_for_all("attention.head_count", layers)?;
        let heads =
            heads.ok_or_else(|| wgslm_formats::Error::MissingMetadata { key: self.key("attention.head_count") })?;
        let kv_heads = self.one_for_all("attention.head_count_kv", layers)?.unwrap_or(heads);
        if heads % kv_heads != 0 {
            return Err(self.invalid("attention.head_count_kv", format!("{kv_heads} doesn't divide {heads} heads")));
        }
        let head_width = self.head_width(width, heads)?;
        let rope = self.rope(head_width, pairs)?;
        let epsilon = match self.f32("attention.layer_norm_rms_epsilon")? {
            Some(epsilon) => epsilon,
            None => self.metadata.require_f32(&self.key("attention.layer_norm_epsilon"))?,
        };
        Ok(ModelSpec {
            architecture: self.architecture.to_owned(),
            name: self.metadata.str("general.name")?.unwrap_or_default().to_owned(),
            width,
            heads,
            kv_heads,
            head_width,
            vocabulary: self.vocabulary()?,
            context_length: self.size("context_length")?,
            layers: vec![Layer::Attention { window: 0, rope: Some(0) }; layers as usize],
            embedding: EmbeddingSpec { scale: 1.0, positions: false, types: 0, norm: false },
            norm: NormSpec {
                kind: NormKind::Rms,
                epsilon,
                place: NormPlace::Before,
                feed_forward: "ffn_norm",
                output: Some("output_norm"),
            },
            attention: AttentionSpec {
                causal: true,
                scale: 1.0 / (head_width as f32).sqrt(),
                soft_cap: 0.0,
                sinks: false,
                qk_norm: QkNorm::None,
                fused: false,
            },
            ropes: vec![rope],
            feed_forward: self.feed_forward(layers)?,
            residual_scale: 1.0,
            output: self.output()?,
            tied_head: false,
        })
    }

    /// Logits, unless the model was made for embeddings: see llama.cpp's `pooling_type`.
    fn output(&self) -> Result<OutputSpec> {
        Ok(match self.u32("pooling_type")? {
            None | Some(0) => OutputSpec::Logits { scale: 1.0, soft_cap: 0.0 },
            Some(1) => OutputSpec::Embedding(Pooling::Mean),
            Some(2) => OutputSpec::Embedding(Pooling::First),
            Some(3) => OutputSpec::Embedding(Pooling::Last),
            Some(other) => {
                let reason = format!("{other} can't be run (1 mean, 2 first and 3 last can)");
                return Err(self.invalid("pooling_type", reason));
            }
        })
    }

    /// A number that all layers have in common; layers with 0 don't count.
    fn one_for_all(&self, name: &str, layers: u32) -> Result<Option<u32>> {
        let Some(numbers) = self.by_layer(name, layers)? else { return Ok(None) };
        let mut counted: Vec<u32> = numbers.into_iter().filter(|number| *number > 0).collect();
        counted.dedup();
        match counted[..] {
            [number] if number <= MAX_SIZE => Ok(Some(number)),
            [] => Err(self.invalid(name, "it should be above 0".to_owned())),
            [number] => Err(self.invalid(name, format!("{number} should be from 1 to {MAX_SIZE}"))),
            _ => Err(self.invalid(name, "layers that differ in it can't be run".to_owned())),
        }
    }

    fn head_width(&self, width: u32, heads: u32) -> Result<u32> {
        let head_width = match self.u32("attention.key_length")? {
            Some(length) => length,
            None if width.is_multiple_of(heads) => width / heads,
            None => {
                return Err(self.invalid("attention.head_count", format!("{heads} doesn't divide the width {width}")));
            }
        };
        let widest = Attention::MAX_HEAD_PAIRS * 2;
        if head_width == 0 || head_width % 2 != 0 || head_width > widest {
            let reason = format!("a head of {head_width} values can't be run (even widths up to {widest} can)");
            return Err(self.invalid("attention.key_length", reason));
        }
        if u64::from(heads) * u64::from(head_width) > MAX_SIZE.into() {
            let reason = format!("{heads} heads of {head_width} values are too many");
            return Err(self.invalid("attention.head_count", reason));
        }
        if self.u32("attention.value_length")?.is_some_and(|length| length != head_width) {
            let reason = "values of another width than keys can't be run".to_owned();
            return Err(self.invalid("attention.value_length", reason));
        }
        Ok(head_width)
    }

    fn vocabulary(&self) -> Result<u32> {
        match self.optional_size("vocab_size")? {
            Some(size) => Ok(size),
            None => {
                Ok(u32::try_from(self.metadata.require_strings("tokenizer.ggml.tokens")?.len()).unwrap_or(u32::MAX))
            }
        }
    }

    /// SwiGLU (Shazeer 2020), by experts where there are any.
    fn feed_forward(&self, layers: u32) -> Result<FeedForwardSpec> {
        let whole = || self.one_for_all("feed_forward_length", layers);
        let missing = |name| wgslm_formats::Error::MissingMetadata { key: self.key(name) };
        let experts = match self.u32("expert_count")? {
            None | Some(0) => None,
            Some(count) => Some(ExpertsSpec { count, used: self.size("expert_used_count")? }),
        };
        if let Some(ExpertsSpec { count, used }) = experts {
            let (most, most_used) = (Route::MAX_EXPERTS, Route::MAX_USED);
            if count > most || used > most_used.min(count) {
                let reason = format!("{used} of {count} experts can't be run (up to {most_used} of {most} can)");
                return Err(self.invalid("expert_used_count", reason));
            }
        }
        let width = match experts {
            None => whole()?.ok_or_else(|| missing("feed_forward_length"))?,
            Some(_) => match self.optional_size("expert_feed_forward_length")? {
                Some(width) => width,
                None => whole()?.ok_or_else(|| missing("expert_feed_forward_length"))?,
            },
        };
        Ok(FeedForwardSpec { width, activation: Activation::Silu, gated: true, fused: false, experts })
    }
}
