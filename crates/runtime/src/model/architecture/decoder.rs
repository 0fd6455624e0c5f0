//! The common decoder: its sizes, and layers of attention and a gated feed-forward network with RMSNorm before each.

use wgslm_formats::Result;
use wgslm_shaders::{Activation, Attention, Route};

use super::keys::{Keys, MAX_SIZE};
use super::rope::Pairs;
use crate::model::{
    AttentionSpec, ClassifierSpec, EmbeddingSpec, ExpertsSpec, FeedForwardSpec, LayerSpec, MixerSpec, ModelSpec,
    NormKind, NormPlace, NormSpec, OutputSpec, Pooling, QkNorm,
};

/// The most layers accepted, more than any model has: a damaged file is refused before memory is spent on its layers.
const MAX_LAYERS: u32 = 4096;
/// The most labels of a classifier accepted.
const MAX_LABELS: u32 = 1024;
/// The key of the number of layers in heads that predict tokens after the next.
const NEXTN_LAYERS: &str = "nextn_predict_layers";

impl Keys<'_> {
    /// A decoder like llama, with one rope for all layers, to be changed where an architecture differs.
    pub(super) fn decoder(&self, pairs: Pairs) -> Result<ModelSpec> {
        let width = self.size("embedding_length")?;
        let layers = self.layers()?;
        let heads = self.counts("attention.head_count", layers)?;
        let heads =
            heads.ok_or_else(|| wgslm_formats::Error::MissingMetadata { key: self.key("attention.head_count") })?;
        let kv_heads = self.counts("attention.head_count_kv", layers)?.unwrap_or_else(|| heads.clone());
        let head_width = self.head_width(width, &heads)?;
        let rope = self.rope(head_width, pairs)?;
        let epsilon = match self.f32("attention.layer_norm_rms_epsilon")? {
            Some(epsilon) => epsilon,
            None => self.metadata.require_f32(&self.key("attention.layer_norm_epsilon"))?,
        };
        let norm = NormSpec { kind: NormKind::Rms, epsilon };
        let layer = |((heads, kv_heads), feed_forward): ((u32, u32), FeedForwardSpec)| {
            if heads % kv_heads != 0 {
                return Err(self.invalid("attention.head_count_kv", format!("{kv_heads} doesn't divide {heads} heads")));
            }
            let attention = AttentionSpec {
                heads,
                kv_heads,
                head_width,
                window: 0,
                rope: Some(0),
                scale: 1.0 / (head_width as f32).sqrt(),
                soft_cap: 0.0,
                sinks: false,
                qk_norm: QkNorm::None,
            };
            let mixer = MixerSpec::Attention(attention);
            Ok(LayerSpec { norm, norm_place: NormPlace::Before, mixer, feed_forward, residual_scale: 1.0 })
        };
        let layers = heads.into_iter().zip(kv_heads).zip(self.feed_forward(layers)?).map(layer);
        Ok(ModelSpec {
            architecture: self.architecture.to_owned(),
            name: self.metadata.str("general.name")?.unwrap_or_default().to_owned(),
            width,
            vocabulary: self.vocabulary()?,
            context_length: self.size("context_length")?,
            causal: true,
            embedding: EmbeddingSpec { scale: 1.0, positions: false, types: 0, norm: None },
            ropes: vec![rope],
            layers: layers.collect::<Result<_>>()?,
            output_norm: Some(norm),
            output: self.output()?,
            tied_head: false,
        })
    }

    /// The number of layers that are run: all but the last ones, which belong to heads that predict tokens after the next.
    fn layers(&self) -> Result<u32> {
        let all = self.size("block_count")?;
        if all > MAX_LAYERS {
            let reason = format!("{all} layers are more than the {MAX_LAYERS} that can be run");
            return Err(self.invalid("block_count", reason));
        }
        match self.u32(NEXTN_LAYERS)?.unwrap_or(0) {
            heads if heads < all => Ok(all - heads),
            heads => Err(self.invalid(
                NEXTN_LAYERS,
                format!("{heads} of {all} layers predict tokens after the next, which leaves none to be run"),
            )),
        }
    }

    /// Logits, unless the model was made for embeddings: see llama.cpp's `pooling_type`.
    fn output(&self) -> Result<OutputSpec> {
        Ok(match self.u32("pooling_type")? {
            None | Some(0) => OutputSpec::Logits { scale: 1.0, soft_cap: 0.0 },
            Some(1) => OutputSpec::Embedding(Pooling::Mean),
            Some(2) => OutputSpec::Embedding(Pooling::First),
            Some(3) => OutputSpec::Embedding(Pooling::Last),
            Some(4) => OutputSpec::Scores(self.classifier()?),
            Some(other) => {
                let reason = format!("{other} can't be run (1 mean, 2 first, 3 last and 4 rank can)");
                return Err(self.invalid("pooling_type", reason));
            }
        })
    }

    /// The classifier of a reranker, as BERT's have it.
    fn classifier(&self) -> Result<ClassifierSpec> {
        let labels =
            self.metadata.strings(&self.key("classifier.output_labels"))?.map_or(1, |labels| labels.len() as u32);
        if !(1..=MAX_LABELS).contains(&labels) {
            let reason = format!("{labels} labels are not from 1 to {MAX_LABELS}");
            return Err(self.invalid("classifier.output_labels", reason));
        }
        Ok(ClassifierSpec { pooling: Pooling::First, labels, softmax: false })
    }

    /// A number above 0 for each layer. Layers without the sublayer have a 0, which is replaced by the number of the first layer
    /// with one.
    fn counts(&self, name: &str, layers: u32) -> Result<Option<Vec<u32>>> {
        let Some(mut numbers) = self.by_layer(name, layers)? else { return Ok(None) };
        let first = numbers.iter().copied().find(|number| *number > 0);
        let first = first.ok_or_else(|| self.invalid(name, "it should be above 0 in at least one layer".to_owned()))?;
        numbers.iter_mut().filter(|number| **number == 0).for_each(|number| *number = first);
        match numbers.iter().find(|number| **number > MAX_SIZE) {
            Some(number) => Err(self.invalid(name, format!("{number} should be from 1 to {MAX_SIZE}"))),
            None => Ok(Some(numbers)),
        }
    }

    /// The width of a head, the same in all layers; where no key gives it, the stream's width divided by the first layer's heads.
    fn head_width(&self, width: u32, heads: &[u32]) -> Result<u32> {
        let (first, most) = (heads.first().copied().unwrap_or(1), heads.iter().copied().max().unwrap_or(1));
        let head_width = match self.u32("attention.key_length")? {
            Some(length) => length,
            None if width.is_multiple_of(first) => width / first,
            None => {
                return Err(self.invalid("attention.head_count", format!("{first} doesn't divide the width {width}")));
            }
        };
        let widest = Attention::MAX_HEAD_PAIRS * 2;
        if head_width == 0 || head_width % 2 != 0 || head_width > widest {
            let reason = format!("a head of {head_width} values can't be run (even widths up to {widest} can)");
            return Err(self.invalid("attention.key_length", reason));
        }
        if u64::from(most) * u64::from(head_width) > MAX_SIZE.into() {
            let reason = format!("{most} heads of {head_width} values are too many");
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

    /// The SwiGLU (Shazeer 2020) of each layer, with experts where the metadata has any.
    fn feed_forward(&self, layers: u32) -> Result<Vec<FeedForwardSpec>> {
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
        let of_experts = if experts.is_some() { self.optional_size("expert_feed_forward_length")? } else { None };
        let widths = match of_experts {
            Some(width) => vec![width; layers as usize],
            None => {
                let name = if experts.is_some() { "expert_feed_forward_length" } else { "feed_forward_length" };
                self.counts("feed_forward_length", layers)?.ok_or_else(|| missing(name))?
            }
        };
        let network = |width| FeedForwardSpec { width, activation: Activation::Silu, gated: true, experts };
        Ok(widths.into_iter().map(network).collect())
    }
}

impl ModelSpec {
    /// Changes every layer alike.
    pub(super) fn for_layers(&mut self, change: impl FnMut(&mut LayerSpec)) {
        self.layers.iter_mut().for_each(change);
    }

    /// Changes the attention of every layer alike.
    pub(super) fn for_attention(&mut self, mut change: impl FnMut(&mut AttentionSpec)) {
        self.for_layers(|layer| {
            if let MixerSpec::Attention(attention) = &mut layer.mixer {
                change(attention);
            }
        });
    }

    /// Makes every norm one of this kind.
    pub(super) fn normalise_by(&mut self, kind: NormKind) {
        self.for_layers(|layer| layer.norm.kind = kind);
        if let Some(norm) = &mut self.output_norm {
            norm.kind = kind;
        }
    }

    /// The width of a head, the same in all layers of [`Keys::decoder`].
    pub(super) fn head_width(&self) -> u32 {
        self.largest_attention(|attention| attention.head_width)
    }
}
