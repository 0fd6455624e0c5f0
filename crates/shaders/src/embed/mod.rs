//! Embeddings: of tokens, which a model begins with, and of whole texts, which an encoder ends with.

mod embed_launch;
mod embed_reference;
mod pool_launch;
mod pool_reference;
mod variants;

pub use embed_launch::Embed;
pub use pool_launch::Pool;
pub use variants::EmbedVariant;
