//! Sizes that follow from a [`ModelSpec`]: widths, and bytes of KV cache.

use wgslm_shaders::KvFormat;
use wgslm_shaders::cpu::kv_head_pairs;

use super::{AttentionSpec, FeedForwardSpec, LayerSpec, MixerSpec, ModelSpec, OutputSpec};

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

    /// The most tokens that a token sees, itself included; 0 where there is no limit.
    pub(crate) fn window(&self) -> u32 {
        match self.mixer {
            MixerSpec::Attention(attention) => attention.window,
            MixerSpec::ShortConvolution { taps } => taps,
        }
    }

    /// Bytes of keys and of values that the layer keeps for each token, in the format `kv`. A convolution over a stream of
    /// `width` values keeps those in place of keys, in f32.
    pub(crate) fn bytes_per_token(&self, width: u32, kv: KvFormat) -> (u64, u64) {
        match &self.mixer {
            MixerSpec::Attention(attention) => {
                let words = kv_head_pairs(attention.head_width as usize / 2) * kv.pair_words();
                let bytes = u64::from(attention.kv_heads) * words as u64 * 4;
                (bytes, bytes)
            }
            MixerSpec::ShortConvolution { .. } => (u64::from(width) * 4, 0),
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

    /// True where the model makes embeddings and no text.
    #[must_use]
    pub fn embeds(&self) -> bool {
        matches!(self.output, OutputSpec::Embedding(_))
    }

    /// Bytes of KV cache read to decode a token after `tokens` tokens: of each layer, all of them or those in its window.
    #[must_use]
    pub fn kv_bytes(&self, tokens: u32, kv: KvFormat) -> u64 {
        let of_layer = |layer: &LayerSpec| {
            let seen = match layer.window() {
                0 => tokens,
                window => tokens.min(window),
            };
            let (keys, values) = layer.bytes_per_token(self.width, kv);
            (keys + values) * u64::from(seen)
        };
        self.layers.iter().map(of_layer).sum()
    }
}
