//! The KV cache: blocks of tokens on the device, shared by sequences and reached through their block tables.

mod blocks;
mod cache;

pub use blocks::{BlockAllocator, BlockOrder};
pub use cache::{KvCache, KvLayer, Slots};
pub use wgslm_shaders::{BLOCK_TOKENS, KvFormat};
