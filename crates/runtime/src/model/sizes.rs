//! Sizes that follow from a [`ModelSpec`]: widths, and bytes of KV cache and of states.

use wgslm_shaders::{BLOCK_TOKENS, KvFormat};

use super::state::block_bytes;
use super::{AttentionSpec, FeedForwardSpec, LayerSpec, MixerSpec, ModelSpec, OutputSpec, Task};

impl AttentionSpec {
    /// Width of all query heads together.
    #[must_use]
    pub fn query_width(&self) -> u32 {
        self.heads * self.head_width
    }

    /// Width of all keys of a token, and of all its values.
    #[must_use]
    pub fn kv_width(&self) -> u32 {
        self.kv_heads * self.head_width
    }

    /// Width of queries, keys and values of a token.
    pub(crate) fn qkv_width(&self) -> u32 {
        self.query_width() + 2 * self.kv_width()
    }
}

impl FeedForwardSpec {
    /// Experts that a token is routed to; 1 where there are none.
    pub(crate) fn used(&self) -> u32 {
        self.experts.map_or(1, |experts| experts.used)
    }
}

impl LayerSpec {
    /// The attention of the layer, if it has any.
    pub(crate) fn attention(&self) -> Option<&AttentionSpec> {
        match &self.mixer {
            MixerSpec::Attention(attention) => Some(attention),
            MixerSpec::ShortConvolution { .. } => None,
        }
    }

    /// Values that the layer keeps of a sequence of any length, over a residual stream of `width` values: of a convolution, its
    /// last inputs. `None` where it keeps keys and values of each token instead.
    pub(crate) fn state_values(&self, width: u32) -> Option<u32> {
        match self.mixer {
            MixerSpec::Attention(_) => None,
            MixerSpec::ShortConvolution { taps } => Some(taps.saturating_sub(1) * width),
        }
    }
}

impl ModelSpec {
    /// The largest value of `of_layer` over all layers; 0 where there are no layers.
    pub(crate) fn largest(&self, of_layer: impl Fn(&LayerSpec) -> u32) -> u32 {
        self.layers.iter().map(of_layer).max().unwrap_or(0)
    }

    /// The largest value of `of_attention` over all layers with attention; 0 where there are none.
    pub(crate) fn largest_attention(&self, of_attention: impl Fn(&AttentionSpec) -> u32) -> u32 {
        self.largest(|layer| layer.attention().map_or(0, &of_attention))
    }

    /// What the model is for.
    #[must_use]
    pub fn task(&self) -> Task {
        match self.output {
            OutputSpec::Logits { .. } => Task::Generation,
            OutputSpec::Embedding(_) => Task::Embedding,
            OutputSpec::Scores(_) => Task::Ranking,
        }
    }

    /// The number of values that all tokens of a text are made into; none where the model makes text.
    #[must_use]
    pub fn pooled_values(&self) -> Option<u32> {
        match self.output {
            OutputSpec::Logits { .. } => None,
            OutputSpec::Embedding(_) => Some(self.width),
            OutputSpec::Scores(classifier) => Some(classifier.labels),
        }
    }

    /// Bytes of KV cache read to decode a token after `tokens` tokens: of each layer, all of them or those in its window.
    #[must_use]
    pub fn kv_bytes(&self, tokens: u32, kv: KvFormat) -> u64 {
        let of_layer = |attention: &AttentionSpec| {
            let seen = if attention.window == 0 { tokens } else { tokens.min(attention.window) };
            2 * block_bytes(attention, kv) * u64::from(seen) / u64::from(BLOCK_TOKENS)
        };
        self.layers.iter().filter_map(LayerSpec::attention).map(of_layer).sum()
    }

    /// Bytes that layers keep of a sequence of any length.
    #[must_use]
    pub fn state_bytes(&self) -> u64 {
        let values = self.layers.iter().filter_map(|layer| layer.state_values(self.width));
        values.map(|values| u64::from(values) * 4).sum()
    }
}
