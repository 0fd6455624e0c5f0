//! An architecture as data.

use wgslm_shaders::cpu::kv_head_words;

/// What the graph builder needs to know of a model. Sizes count values.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelSpec {
    /// The architecture's name, as GGUF has it.
    pub architecture: String,
    /// The model's name; empty where the file gives none.
    pub name: String,
    /// Layers.
    pub layers: u32,
    /// Width of the residual stream.
    pub width: u32,
    /// Query heads.
    pub heads: u32,
    /// KV heads; they divide the query heads.
    pub kv_heads: u32,
    /// Width of a head.
    pub head_width: u32,
    /// Width of the feed-forward network.
    pub feed_forward_width: u32,
    /// Tokens in the vocabulary.
    pub vocabulary: u32,
    /// Positions the model was trained for.
    pub context_length: u32,
    /// Of every RMS norm.
    pub norm_epsilon: f32,
    /// Rotary position embedding.
    pub rope: RopeSpec,
    /// Whether the output head is the embedding table.
    pub tied_head: bool,
}

/// Rotary position embedding (Su et al. 2021) as data: every way of scaling it comes down to the frequencies.
#[derive(Clone, Debug, PartialEq)]
pub struct RopeSpec {
    /// The angle by which each pair turns from one position to the next.
    pub frequencies: Vec<f32>,
    /// The distance between the two values of a pair in a head: 1, or half the rotated width.
    pub pair_step: u32,
    /// What the rotated pairs are multiplied by.
    pub magnitude: f32,
}

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

    /// Bytes of KV cache for a token: keys and values of every layer in f16.
    #[must_use]
    pub fn kv_bytes_per_token(&self) -> u64 {
        self.kv_layer_bytes_per_token() * u64::from(self.layers)
    }

    /// Bytes of keys and values of a token in one layer.
    pub(crate) fn kv_layer_bytes_per_token(&self) -> u64 {
        u64::from(self.kv_heads) * kv_head_words(self.head_width as usize / 2) as u64 * 2 * 4
    }
}
