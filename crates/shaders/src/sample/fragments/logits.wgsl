// The outputs whose next tokens are to be chosen, their logits, and the chunks in which workgroups share a vocabulary.
struct Params {
    vocabulary: u32,
    stride: u32, // of logits, in f32
}
#import step

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> outputs: array<Output>;
@group(0) @binding(2) var<storage, read> logits: array<f32>;
@group(0) @binding(7) var<storage, read> banned: array<u32>; // a bit for each token that is never chosen

// Logits a workgroup looks at where several share a vocabulary.
const CHUNK: u32 = 2048u;

// Where an output's part of `band` begins: a count, and room for the key of every token.
fn band_row(output: u32) -> u32 { return output * (params.vocabulary + 1u); }

fn is_banned(token: u32) -> bool { return ((banned[token / 32u] >> (token % 32u)) & 1u) != 0u; }

// Chunks of the vocabulary.
fn chunks() -> u32 {
    return (params.vocabulary + CHUNK - 1u) / CHUNK;
}
