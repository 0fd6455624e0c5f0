// Four-bit codes, eight a word, as GGUF's blocks have them: byte i of a group holds weight i in its low half and weight
// 16 + i in its high half.
const CODE_WORDS: u32 = 4u;

fn low_quad(quarter: u32) -> u32 { return quarter; }
fn high_quad(quarter: u32) -> u32 { return quarter + 4u; }

fn nibbles(row: WeightRow, group: u32, quarter: u32) -> Weights8 {
    let word = code_word(row, group, quarter);
    return Weights8(vec4<f32>(unpack4xU8(word & 0x0f0f0f0fu)), vec4<f32>(unpack4xU8((word >> 4u) & 0x0f0f0f0fu)));
}

#ifdef ACTIVATIONS
// Two codes of a word, those at bits 4 and 20, each plus NIBBLE_BIAS: the bits of an f16 between 64 and 80. GPUs convert f16
// several times as fast as integers, and 64 is small enough that f32 sums lose nothing by it.
const NIBBLE_BIAS: f32 = 64.0;
fn biased_pair(word: u32) -> vec2<f32> {
    return unpack2x16float((word & 0x00f000f0u) | 0x54005400u);
}

fn word_dot(word: u32, low: vec4<f32>, high: vec4<f32>) -> f32 {
    return dot(biased_pair(word << 4u), low.xz) + dot(biased_pair(word >> 4u), low.yw)
        + dot(biased_pair(word), high.xz) + dot(biased_pair(word >> 8u), high.yw);
}

// The sum of (code + NIBBLE_BIAS) * activation over a group.
fn nibble_dot(row: WeightRow, group: u32, x: Activations32) -> f32 {
    let c = code_quad(row, group, 0u);
    return (word_dot(c.x, x.q0, x.q4) + word_dot(c.y, x.q1, x.q5)) + (word_dot(c.z, x.q2, x.q6) + word_dot(c.w, x.q3, x.q7));
}
#endif
#ifdef INTEGER
fn low_nibbles(quad: vec4<u32>) -> vec4<u32> { return quad & vec4(0x0f0f0f0fu); }
fn high_nibbles(quad: vec4<u32>) -> vec4<u32> { return (quad >> vec4(4u)) & vec4(0x0f0f0f0fu); }

fn raw_codes(row: WeightRow, group: u32) -> RawCodes {
    return RawCodes(code_quad(row, group, 0u), vec4<u32>(), scale_bits(row, group));
}
#endif
#ifdef FLOAT_TILES
fn raw_half(row: WeightRow, group: u32, half: u32) -> RawHalf {
    return RawHalf(code_quad(row, group, 0u), vec4<u32>(), vec4<u32>(), vec4<u32>(), scale_bits(row, group));
}

// factor * code + addend.
fn nibbles16(raw: RawHalf, half: u32, factor: f32, addend: f32) -> Weights16 {
    let c = (raw.a >> vec4(4u * half)) & vec4(0x0f0f0f0fu);
    return Weights16(
        factor * vec4<f32>(unpack4xU8(c.x)) + addend,
        factor * vec4<f32>(unpack4xU8(c.y)) + addend,
        factor * vec4<f32>(unpack4xU8(c.z)) + addend,
        factor * vec4<f32>(unpack4xU8(c.w)) + addend,
    );
}
#endif
