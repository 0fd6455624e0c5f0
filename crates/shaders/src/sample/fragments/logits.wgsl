// Logits, the tokens that may be chosen, and logits as integers in the same order: larger logits have larger keys, equal ones the
// same. What is not a number has 0.
#import sample_params

@group(0) @binding(2) var<storage, read> logits: array<f32>;
@group(0) @binding(3) var<storage, read> masks: array<u32>; // rows with a bit for each token that may be chosen

fn is_allowed(mask: u32, token: u32) -> bool {
    let words = (params.vocabulary + 31u) / 32u;
    return ((masks[mask * words + token / 32u] >> (token % 32u)) & 1u) != 0u;
}

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
