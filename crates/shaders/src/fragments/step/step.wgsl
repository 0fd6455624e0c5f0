// The tokens of one step, and those whose logits are wanted.

// One token to run through the model.
struct Token {
    token: u32,    // the token's id, where `source` is 0
    position: u32, // its position in its sequence, from 0
    table: u32,    // where its sequence's block table begins in `tables`; no other sequence has the same
    source: u32,   // 0: `token`; n: the token sampled last in slot n - 1
    context: u32,  // how many tokens of its sequence it sees, from the first on
    state_from: u32, // the state of its sequence before the sequence's first token of this step; any where that is token 0
    state_to: u32,   // 0: nothing; n: where the state after this token goes, state n - 1, which no token of the step reads
}

// The table of what follows the last token of a step.
const NO_TABLE: u32 = 0xffffffffu;

// One token whose successor is to be chosen.
struct Output {
    token: u32,               // its index among the tokens of the step
    slot: u32,                // where in `sampled` the choice goes
    inverse_temperature: f32, // 0: the largest logit wins; else logits are multiplied by this and drawn from
    seed: u32,                // of the sequence
    position: u32,            // the position that the chosen token will have
    top_k: u32,               // only this many of the largest logits count; 0: all
    top_p: f32,               // of those, only the fewest that have this much of their probability; 0 or 1: all
    min_p: f32,               // of those, only the ones with this much of the largest probability; 0: all
}

// True where some logits don't count.
fn truncates(output: Output) -> bool {
    return output.top_k > 0u || (output.top_p > 0.0 && output.top_p < 1.0) || output.min_p > 0.0;
}
