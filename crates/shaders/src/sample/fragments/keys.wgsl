// Logits as integers in the same order: larger logits have larger keys, equal ones the same. What is not a number has 0, as have
// banned tokens and what lies beyond the vocabulary.
#import logits

// Keys of a chunk that an invocation takes.
const KEYS_EACH: u32 = CHUNK / WORKGROUP_SIZE;

fn key_of(logit: f32) -> u32 {
    let bits = bitcast<u32>(logit);
    let magnitude = bits & 0x7fffffffu;
    if magnitude > 0x7f800000u { return 0u; }
    return select(0x80000000u + magnitude, 0x80000000u - magnitude, bits != magnitude);
}

// The logit of a key; f32's least for keys below its key.
fn logit_of(key: u32) -> f32 {
    let positive = key >= 0x80000000u;
    return bitcast<f32>(select((0x80000000u - max(key, 0x00800001u)) | 0x80000000u, key - 0x80000000u, positive));
}

// An output's keys in a chunk: those of this lane. All are loaded before any is used, so that the loads wait together.
fn keys_of_chunk(output: u32, chunk: u32, lane: u32) -> array<u32, KEYS_EACH> {
    var keys: array<u32, KEYS_EACH>;
    for (var i = 0u; i < KEYS_EACH; i++) {
        let token = chunk * CHUNK + i * WORKGROUP_SIZE + lane;
        if token < params.vocabulary && !is_banned(token) { keys[i] = key_of(logits[output * params.stride + token]); }
    }
    return keys;
}
