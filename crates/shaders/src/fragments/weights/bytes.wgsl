// Unsigned codes of 8 bits, four a word, in dot products.

// Two codes of a word, its first and third byte, each plus BYTE_BIAS: the bits of an f16 between 1024 and 1280.
const BYTE_BIAS: f32 = 1024.0;
fn biased_bytes(word: u32) -> vec2<f32> {
    return unpack2x16float((word & 0x00ff00ffu) | 0x64006400u);
}

// The sum of (code + BYTE_BIAS) * activation over a word.
fn byte_dot(word: u32, x: vec4<f32>) -> f32 {
    return dot(biased_bytes(word), x.xz) + dot(biased_bytes(word >> 8u), x.yw);
}
