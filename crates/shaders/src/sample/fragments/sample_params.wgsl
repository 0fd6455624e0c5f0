// What all stages of the choice of tokens are told, and the chunks in which workgroups share a vocabulary.
struct Params {
    vocabulary: u32,
    stride: u32, // of logits, in f32
    phase: u32,  // what the stages of truncation look for: see `keys.wgsl`
    again: u32,  // 1: a token is chosen again for the outputs that were refused theirs, and for no others
}
#import step

@group(0) @binding(0) var<uniform> params: Params;

// Logits a workgroup looks at where several share a vocabulary.
const CHUNK: u32 = 2048u;

// f32's ends. The least is the logit of a token that is never chosen.
const LEAST: f32 = -3.4028234e38;
const GREATEST: f32 = 3.4028234e38;

// Tokens of a slot's history, a ring by position.
const HISTORY: u32 = 2048u;

// Chunks of the vocabulary.
fn chunks() -> u32 {
    return (params.vocabulary + CHUNK - 1u) / CHUNK;
}

// Infinity or NaN.
fn is_finite(logit: f32) -> bool { return (bitcast<u32>(logit) & 0x7f800000u) != 0x7f800000u; }
