// The log-probabilities of an output: what is read back.
const ALTERNATIVES: u32 = 20u;

struct Alternative {
    token: u32,
    logprob: f32,
}

struct Logprobs {
    chosen: f32,  // the log-probability of the chosen token
    log_sum: f32, // log(sum of exp(logit)), which logits are taken from
    alternatives: array<Alternative, ALTERNATIVES>, // the most likely ones first
}

@group(0) @binding(15) var<storage, read_write> logprobs: array<Logprobs>;
