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

/// One token whose successor is to be chosen. Options that are 0 are off, and so are shares of probability that are 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub struct Output {
    /// Its index among the tokens of the step.
    pub token: u32,
    /// The place of the choice among the sampled tokens.
    pub sampled: u32,
    /// The slot of its sequence: whose history, biases and sequence breakers count.
    pub slot: u32,
    /// The row of masks with the tokens that may be chosen.
    pub mask: u32,
    /// The position that the chosen token will have.
    pub position: u32,
    /// The seed of the sequence.
    pub seed: u32,
    /// The factor of the logits before one is drawn; 0 where the largest wins.
    pub inverse_temperature: f32,
    /// Top-k: this many of the largest logits count.
    pub top_k: u32,
    /// Typical-p: of those, the nearest to the expected logit count that have this part of the probability.
    pub typical_p: f32,
    /// Top-p: of those, the fewest count that have this part of their probability.
    pub top_p: f32,
    /// Min-p: of those, the ones count that have this part of the largest probability.
    pub min_p: f32,
    /// XTC: of those that have this part of all probability, only the least likely counts.
    pub xtc_threshold: f32,
    /// The factor by which the logits of the window's tokens go down: positive ones are divided by it, negative ones multiplied.
    pub repetition_penalty: f32,
    /// What is subtracted for each time that a token is in the window.
    pub frequency_penalty: f32,
    /// What is subtracted where a token is in the window.
    pub presence_penalty: f32,
    /// Tokens in the window of penalties: the last ones.
    pub penalty_last_n: u32,
    /// DRY: what is subtracted from the logit of a token that would make a repetition just too long.
    pub dry_multiplier: f32,
    /// The factor of that for each token that the repetition is longer.
    pub dry_base: f32,
    /// The length that a repetition has to have before its next token is penalised.
    pub dry_allowed_length: u32,
    /// The length from which on repetitions count alike.
    pub dry_most_length: u32,
    /// Tokens in which repetitions are looked for: the last ones.
    pub dry_last_n: u32,
    /// Biases that the slot has.
    pub biases: u32,
    /// 0, or one more than the most likely tokens whose log-probabilities are wanted beside the chosen one's.
    pub alternatives: u32,
    /// 1 where its mask has refused the token that truncation led to without it: found on the device, 0 before.
    pub refused: u32,
}

impl Output {
    /// The most tokens of a sequence that penalties can look back at.
    pub const HISTORY: u32 = 2048;
    /// The most that top-k may leave for one workgroup to narrow further: a logit an invocation.
    pub const FEW: u32 = 256;
    /// The most biases of a slot.
    pub const BIASES: u32 = 1024;
    /// The most tokens beside the chosen one whose log-probabilities can be wanted.
    pub const ALTERNATIVES: u32 = 20;

    /// True where some logits don't count: `truncate` has to find out which before `argmax` can choose.
    #[must_use]
    pub fn truncates(&self) -> bool {
        self.top_k > 0 || self.has_typical_p() || has_share(self.top_p) || self.min_p > 0.0 || self.has_xtc()
    }

    /// True where top-k leaves so few that one workgroup can narrow them further.
    #[must_use]
    pub fn truncates_to_few(&self) -> bool {
        (1..=Self::FEW).contains(&self.top_k)
    }

    /// The mask that its token is chosen by. Where logits are left out, its own comes into play once it has refused a token.
    #[must_use]
    pub fn mask_in_use(&self) -> u32 {
        if self.truncates() && self.refused == 0 { 0 } else { self.mask }
    }

    /// True where a mask may refuse the token that truncation leads to, so that another has to be chosen with it.
    #[must_use]
    pub fn may_be_refused(&self) -> bool {
        self.mask > 0 && self.truncates()
    }

    /// True where typical-p is on.
    #[must_use]
    pub fn has_typical_p(&self) -> bool {
        has_share(self.typical_p)
    }

    /// True where top-p is on.
    #[must_use]
    pub fn has_top_p(&self) -> bool {
        has_share(self.top_p)
    }

    /// True where XTC is on.
    #[must_use]
    pub fn has_xtc(&self) -> bool {
        self.xtc_threshold > 0.0
    }

    /// True where log-probabilities are wanted.
    #[must_use]
    pub fn wants_logprobs(&self) -> bool {
        self.alternatives > 0
    }

    /// True where penalties of the window change logits.
    #[must_use]
    pub fn penalises(&self) -> bool {
        let repetition = self.repetition_penalty != 0.0 && self.repetition_penalty != 1.0;
        self.penalty_last_n > 0 && (repetition || self.frequency_penalty != 0.0 || self.presence_penalty != 0.0)
    }

    /// True where repetitions are looked for.
    #[must_use]
    pub fn has_dry(&self) -> bool {
        self.dry_multiplier != 0.0 && self.dry_last_n > self.dry_allowed_length
    }

    /// True where logits change before any is chosen: `adjust` has to run.
    #[must_use]
    pub fn adjusts(&self) -> bool {
        self.biases > 0 || self.penalises() || self.has_dry()
    }
}

/// True for a part of the probability that leaves something out.
fn has_share(part: f32) -> bool {
    part > 0.0 && part < 1.0
}

/// A number added to a token's logit; [`Bias::NEVER`] leaves the token out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub struct Bias {
    /// The token.
    pub token: u32,
    /// The number that is added.
    pub value: f32,
}

impl Bias {
    /// The bias of a token that is never chosen: f32's least, which is finite, unlike a logit that ends a request.
    pub const NEVER: f32 = f32::MIN;
}
