//! What follows from a [`ModelSpec`]: widths, and bytes of KV cache.

use wgslm_shaders::KvFormat;
use wgslm_shaders::cpu::kv_head_pairs;

use super::{Layer, ModelSpec, OutputSpec};

impl ModelSpec {
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

    /// Tokens that a short convolution sees; 0 where there is none.
    pub(crate) fn taps(&self) -> u32 {
        let taps = self.layers.iter().map(|layer| match layer {
            Layer::ShortConvolution { taps } => *taps,
            Layer::Attention { .. } => 0,
        });
        taps.max().unwrap_or(0)
    }

    /// Whether the model makes embeddings and no text.
    #[must_use]
    pub fn embeds(&self) -> bool {
        matches!(self.output, OutputSpec::Embedding(_))
    }

    /// Bytes that a layer keeps of each token it remembers: keys and values in this format, or what a convolution has seen in f32.
    pub(crate) fn layer_bytes_per_token(&self, layer: &Layer, kv: KvFormat) -> u64 {
        match layer {
            Layer::Attention { .. } => {
                let words = kv_head_pairs(self.head_width as usize / 2) * kv.pair_words();
                u64::from(self.kv_heads) * words as u64 * 2 * 4
            }
            Layer::ShortConvolution { .. } => u64::from(self.width) * 4,
        }
    }

    /// Bytes of KV cache that a sequence of so many tokens is read from: all of them, or those in a layer's window.
    #[must_use]
    pub fn kv_bytes(&self, tokens: u32, kv: KvFormat) -> u64 {
        let of_layer = |layer: &Layer| {
            let seen = match layer.window() {
                0 => tokens,
                window => tokens.min(window),
            };
            self.layer_bytes_per_token(layer, kv) * u64::from(seen)
        };
        self.layers.iter().map(of_layer).sum()
    }
}

impl Layer {
    /// Tokens that a token sees at the most; 0 for all before it.
    pub(crate) fn window(&self) -> u32 {
        match self {
            Self::Attention { window, .. } => *window,
            Self::ShortConvolution { taps } => *taps,
        }
    }
}
