//! The room for sequences that options ask for: slots, context length, KV cache and states.

use wgslm_shaders::{BLOCK_TOKENS, KvFormat};

use super::EngineOptions;
use crate::model::ModelSpec;
use crate::model::state::{KvLayout, KvRoom, States};
use crate::{Error, Result};

/// The default context length, in tokens: enough for most prompts, with a KV cache that fits most devices.
const DEFAULT_CONTEXT: u32 = 4096;

/// Sequences that can be open at a time, unless options say how many.
const DEFAULT_SLOTS: u32 = 8;
const MOST_SLOTS: u32 = 1024;
/// The most states that can be kept for later, so that their number with those of all slots is one of 32 bits.
const MOST_CHECKPOINTS: u32 = 1 << 16;

/// States after the newest steps that each open sequence keeps: with more than the steps that usually run ahead of their readback, the
/// state at the end of an answer is still there when the end is noticed.
pub(super) const RECENT_STATES: u32 = 6;

/// The room for sequences.
pub(super) struct Room {
    /// Sequences that can be open at a time.
    pub(super) slots: u32,
    /// The most tokens of a sequence.
    pub(super) context: u32,
    /// Tokens that the KV cache holds.
    pub(super) tokens: u32,
    /// States that are kept for later, besides [`RECENT_STATES`] of each open sequence.
    pub(super) checkpoints: u32,
}

impl Room {
    /// The room for a model on a device with bindings of up to `max_binding` bytes, with keys and values in `format` and steps of
    /// up to `rows` tokens.
    ///
    /// # Errors
    /// [`Error::InvalidOption`].
    pub(super) fn new(
        spec: &ModelSpec,
        (format, rows, max_binding): (KvFormat, u32, u64),
        options: &EngineOptions,
    ) -> Result<Self> {
        let in_range = |option: &str, value: Option<u32>, least: u32, most: u32, expected: &str| match value {
            Some(value) if !(least..=most).contains(&value) => Err(Error::InvalidOption {
                option: option.to_owned(),
                value: value.to_string(),
                expected: format!("from {least} to {most}{expected}"),
            }),
            value => Ok(value),
        };
        let slots = in_range("slots", options.slots, 1, MOST_SLOTS, "")?.unwrap_or(DEFAULT_SLOTS);
        let trained = ", the positions the model was trained for";
        let context = in_range("context length", options.context_length, 1, spec.context_length, trained)?;
        let context = context.unwrap_or_else(|| {
            let most = spec.context_length.min(DEFAULT_CONTEXT);
            let fits = |tokens| {
                KvLayout::new(spec, format, KvRoom { tokens, sequences: slots, rows }, max_binding).fits(max_binding)
            };
            // Blocks are whole, unless the model's own limit comes first.
            if fits(most) { most } else { largest(most / BLOCK_TOKENS, |blocks| fits(blocks * BLOCK_TOKENS)) }
        });
        let at_least = ": the cache has to hold one full context";
        let tokens = in_range("KV tokens", options.kv_tokens, context, u32::MAX / 2, at_least)?.unwrap_or(context);
        let checkpoints = in_range("state checkpoints", options.state_checkpoints, 0, MOST_CHECKPOINTS, "")?;
        let checkpoints =
            checkpoints.unwrap_or_else(|| States::default_checkpoints(spec, slots * RECENT_STATES, max_binding));
        Ok(Self { slots, context, tokens, checkpoints })
    }

    /// The layout of the KV cache, for steps of up to `rows` tokens.
    pub(super) fn layout(&self, spec: &ModelSpec, (format, rows, max_binding): (KvFormat, u32, u64)) -> KvLayout {
        let room = KvRoom { tokens: self.tokens, sequences: self.slots, rows };
        KvLayout::new(spec, format, room, max_binding)
    }
}

/// The most tokens, in whole blocks up to `most` of them, for which `fits` holds: one block, if for none.
fn largest(most: u32, fits: impl Fn(u32) -> bool) -> u32 {
    let (mut low, mut high) = (1, most.max(1) + 1);
    while high - low > 1 {
        let middle = low.midpoint(high);
        if fits(middle) { low = middle } else { high = middle }
    }
    low * BLOCK_TOKENS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_size_that_fits_is_found() {
        for (most, limit, expected) in [(10, 7, 7), (10, 10, 10), (10, 100, 10), (10, 1, 1), (10, 0, 1), (0, 5, 1)] {
            assert_eq!(largest(most, |blocks| blocks <= limit), expected * BLOCK_TOKENS, "{most}, {limit}");
        }
    }
}
