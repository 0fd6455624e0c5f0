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

// One token whose successor is to be chosen. What is off is 0, but for top-p and typical-p, for which 1 is off as well.
struct Output {
    token: u32,               // its index among the tokens of the step
    sampled: u32,             // where in `sampled` the choice goes
    slot: u32,                // whose history, biases and sequence breakers count
    mask: u32,                // the row of `masks` with the tokens that may be chosen; the first with truncation, which another may refuse
    position: u32,            // the position that the chosen token will have
    seed: u32,                // of the sequence
    inverse_temperature: f32, // 0: the largest logit wins; else logits are multiplied by this and drawn from
    top_k: u32,               // only this many of the largest logits count
    typical_p: f32,           // of those, only the nearest to the expected logit that have this much of the probability
    top_p: f32,               // of those, only the fewest that have this much of their probability
    min_p: f32,               // of those, only the ones with this much of the largest probability
    xtc_threshold: f32,       // of those with this much of all probability, only the least likely counts
    repetition_penalty: f32,  // what positive logits of tokens of the window are divided by, and negative ones multiplied; 1 is off
    frequency_penalty: f32,   // what is subtracted for each time that a token is in the window
    presence_penalty: f32,    // what is subtracted where a token is in the window
    penalty_last_n: u32,      // tokens in the window of penalties: the last ones
    dry_multiplier: f32,      // what is subtracted from the logit of a token that would make a repetition just long enough
    dry_base: f32,            // what it is multiplied by for each token that the repetition is longer
    dry_allowed_length: u32,  // the longest repetition that isn't penalised
    dry_most_length: u32,     // the longest that is told from longer ones
    dry_last_n: u32,          // tokens in which repetitions are looked for: the last ones
    biases: u32,              // how many biases the slot has
    alternatives: u32,        // n + 1: log-probabilities of the chosen token and of the n most likely ones are wanted
    refused: u32,             // 1: its mask has refused the token that truncation led to without it
}

fn has_share(part: f32) -> bool { return part > 0.0 && part < 1.0; }

// True where some logits don't count.
fn truncates(output: Output) -> bool {
    return output.top_k > 0u || has_share(output.typical_p) || has_share(output.top_p) || output.min_p > 0.0
        || output.xtc_threshold > 0.0;
}

// True where a window of penalties has tokens to look at.
fn penalises(output: Output) -> bool {
    return output.penalty_last_n > 0u
        && ((output.repetition_penalty != 0.0 && output.repetition_penalty != 1.0)
            || output.frequency_penalty != 0.0 || output.presence_penalty != 0.0);
}

// True where repetitions are looked for.
fn has_dry(output: Output) -> bool { return output.dry_multiplier != 0.0 && output.dry_last_n > output.dry_allowed_length; }

// True where logits change before any is chosen.
fn adjusts(output: Output) -> bool { return output.biases > 0u || penalises(output) || has_dry(output); }
