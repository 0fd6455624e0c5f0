//! The state that layers keep of earlier tokens, on the device.

mod cache;

pub(crate) use cache::{KvCache, Slots};
