//! Attention over the KV cache.

mod attention_launch;
mod attention_reference;

pub use attention_launch::Attention;
