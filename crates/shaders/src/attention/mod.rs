//! Attention over the KV cache.

mod attention_launch;
mod attention_reference;
mod variants;

pub use attention_launch::Attention;
pub use variants::{AttentionTile, AttentionVariant};
