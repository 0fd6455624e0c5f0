// The keys of logits in a phase of truncation, and the phases. A kernel that imports this says what `bounds_of` an output are.
#import bounds

// Top-k and, for outputs without typical-p, top-p and min-p.
const TOP: u32 = 0u;
// Typical-p on what top-k left.
const TYPICAL: u32 = 1u;
// Top-p and min-p on what typical-p left.
const REST: u32 = 2u;
// XTC on what is left.
const XTC: u32 = 3u;
// The most likely tokens, before any logit is changed.
const LOGPROBS: u32 = 4u;

// All of truncation and XTC, of outputs whose top-k leaves few.
const FEW: u32 = 5u;

// Keys of a chunk that an invocation takes.
const KEYS_EACH: u32 = CHUNK / WORKGROUP_SIZE;

// True where an output takes part in the phase.
fn takes_part(output: Output) -> bool {
    if !is_due(output) { return false; }
    switch params.phase {
        case TOP, FEW: { return truncates(output); }
        case XTC: { return output.xtc_threshold > 0.0; }
        case LOGPROBS: { return output.alternatives > 0u; }
        default: { return has_share(output.typical_p); }
    }
}

// A logit's key; 0 where it doesn't count.
fn key_in_phase(output: Output, bounds: Bounds, token: u32, logit: f32) -> u32 {
    if params.phase != LOGPROBS {
        if !is_allowed(mask_of(output), token) || logit == LEAST { return 0u; }
        if params.phase != TOP && params.phase != FEW && !within(bounds, logit) { return 0u; }
    }
    return key_of(logit);
}

// The token of one of a lane's keys of a chunk.
fn token_of_key(chunk: u32, lane: u32, i: u32) -> u32 { return chunk * CHUNK + i * WORKGROUP_SIZE + lane; }

// An output's keys in a chunk: those of this lane. All are loaded before any is used, so that the loads wait together.
fn keys_of_chunk(index: u32, chunk: u32, lane: u32) -> array<u32, KEYS_EACH> {
    let output = outputs[index];
    let bounds = bounds_of(index);
    var keys: array<u32, KEYS_EACH>;
    for (var i = 0u; i < KEYS_EACH; i++) {
        let token = token_of_key(chunk, lane, i);
        if token < params.vocabulary { keys[i] = key_in_phase(output, bounds, token, logits[index * params.stride + token]); }
    }
    return keys;
}
