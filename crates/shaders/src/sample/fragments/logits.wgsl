// Logits, the tokens that count, and logits as integers in the same order: larger logits have larger keys, equal ones the
// same. What is not a number has 0.
#import outputs
#import masks

@group(0) @binding(2) var<storage, read> logits: array<f32>;

// The mask that an output's token is chosen by. Where logits are left out, its own comes into play once it has refused a token.
fn mask_of(output: Output) -> u32 { return select(output.mask, 0u, truncates(output) && output.refused == 0u); }

// True where a token is to be chosen for an output.
fn is_due(output: Output) -> bool { return params.again == 0u || output.refused != 0u; }

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
