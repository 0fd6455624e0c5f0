// The tokens of one step, one row each, and the rows whose logits are wanted.

// One token to run through the model.
struct Row {
    token: u32,    // the token's id, where `source` is 0
    position: u32, // its position in its sequence, from 0
    table: u32,    // where its sequence's block table begins in `tables`
    source: u32,   // 0: `token`; n: the token sampled last in slot n - 1
}

// One row whose next token is to be chosen.
struct Output {
    row: u32,                 // its index among the rows of the step
    slot: u32,                // where in `sampled` the choice goes
    inverse_temperature: f32, // 0: the largest logit wins; else logits are multiplied by this and drawn from
    seed: u32,                // of the sequence
    step: u32,                // the position that the chosen token will have
}
