//! The tokens of a step and the outputs asked of it, as `step.wgsl` and `kv.wgsl` have them.

use bytemuck::{Pod, Zeroable};

/// Tokens in a block of the KV cache.
pub const BLOCK_TOKENS: u32 = 16;

/// One token to run through the model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct Token {
    /// The token's id, where `source` is 0.
    pub token: u32,
    /// Its position in its sequence, from 0.
    pub position: u32,
    /// The place of its sequence's block table among the block tables, by which sequences of a step are told apart.
    pub table: u32,
    /// The source of the token: 0 for `token`, n for the one sampled last in slot n - 1.
    pub source: u32,
    /// The number of tokens of its sequence that it sees, from the first on: in causal attention those up to itself.
    pub context: u32,
    /// The id of its sequence's state before the sequence's first token of the step, the same for all of the sequence's tokens;
    /// unused where that is the sequence's first token of all.
    pub state_from: u32,
    /// The destination of the state after this token: 0 for none, n for the state with the id n - 1, which no token of the step
    /// may read.
    pub state_to: u32,
}

impl Token {
    /// A token in causal attention: it sees those up to itself.
    #[must_use]
    pub const fn causal(position: u32, table: u32) -> Self {
        Self { token: 0, position, table, source: 0, context: position + 1, state_from: 0, state_to: 0 }
    }

    /// The end of a step's tokens, for kernels that take several at a time.
    pub const END: Self =
        Self { token: 0, position: 0, table: u32::MAX, source: 0, context: 0, state_from: 0, state_to: 0 };
}

/// One token whose successor is to be chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub struct Output {
    /// Its index among the tokens of the step.
    pub token: u32,
    /// The place of the choice among the sampled tokens.
    pub slot: u32,
    /// The factor of the logits before one is drawn; 0 where the largest wins.
    pub inverse_temperature: f32,
    /// The seed of the sequence.
    pub seed: u32,
    /// The position that the chosen token will have.
    pub position: u32,
    /// Top-k: this many of the largest logits count; 0 for all.
    pub top_k: u32,
    /// Top-p: of those, the fewest count that have this part of their probability; 0 or 1 for all.
    pub top_p: f32,
    /// Min-p: of those, the ones count that have this part of the largest probability; 0 for all.
    pub min_p: f32,
}

impl Output {
    /// True where some logits don't count: `truncate` has to find out which before `argmax` can choose.
    #[must_use]
    pub fn truncates(&self) -> bool {
        self.top_k > 0 || self.top_p > 0.0 && self.top_p < 1.0 || self.min_p > 0.0
    }
}
