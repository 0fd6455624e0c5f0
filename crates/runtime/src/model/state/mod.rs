//! The state that layers keep of earlier tokens, on the device: keys and values in blocks, and states of sequences.

mod cache;
mod layout;
mod states;

pub(crate) use cache::{KvCache, Tables};
pub(crate) use layout::{KvLayout, KvRoom, block_bytes};
pub(crate) use states::States;
