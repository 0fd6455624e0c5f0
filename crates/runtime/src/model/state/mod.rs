//! What layers remember of the tokens before, on the device.

mod cache;

pub(crate) use cache::{KvCache, Slots};
