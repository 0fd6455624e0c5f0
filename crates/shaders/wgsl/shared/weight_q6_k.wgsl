// Q6_K: (d * scale) * (code - 32), codes of 6 bits: a nibble, and two bits in a plane of their own. A half of a group has a
// scale of 8 bits, signed; a super-block an f16 factor.
#import super_blocks
const CODE_WORDS: u32 = 6u;

fn low_quad(quarter: u32) -> u32 { return quarter; }
fn high_quad(quarter: u32) -> u32 { return quarter + 4u; }

// The scales of the two halves.
fn scale_of(bits: vec2<u32>, group: u32) -> vec2<f32> {
    let bytes = bytes_of(bits, group);
    return unpack2x16float(bits.x).x * vec2(f32(bitcast<i32>(bytes << 24u) >> 24u), f32(bitcast<i32>(bytes << 16u) >> 24u));
}

// The upper two bits of the codes: of the first half and of the second.
fn upper_pair(row: WeightRow, group: u32) -> vec2<u32> {
#ifdef WIDE
    let pairs = codes[row.codes + row.groups + group / 2u];
    return select(pairs.xy, pairs.zw, (group & 1u) == 1u);
#else
    let at = row.codes + (row.groups * 4u + group * 2u) * INTERLEAVE;
    return vec2(codes[at], codes[at + INTERLEAVE]);
#endif
}

// Four codes, from a word of their nibbles and the word whose bits `2 * quad` on are their upper ones.
fn join(nibbles: u32, upper: u32, quad: u32) -> u32 {
    return (nibbles & 0x0f0f0f0fu) | (((upper >> (2u * quad)) & 0x03030303u) << 4u);
}

fn weights8(row: WeightRow, group: u32, quarter: u32, scale: vec2<f32>) -> Weights8 {
    let word = code_word(row, group, quarter);
    let upper = upper_pair(row, group);
    return Weights8(
        scale.x * (vec4<f32>(unpack4xU8(join(word, upper.x, quarter))) - 32.0),
        scale.y * (vec4<f32>(unpack4xU8(join(word >> 4u, upper.y, quarter))) - 32.0),
    );
}

#ifdef ACTIVATIONS
// The bits of an f16 between 256 and 320: a code of 6 bits, at bits 2 and 18 of a word, plus 256. See nibbles.wgsl.
const CODE_BIAS: f32 = 256.0;

// The sum of (code + CODE_BIAS) * activation over four codes, whose nibbles stand at bits 2, 10, 18 and 26.
fn quad_dot(nibbles: u32, upper: u32, quad: u32, x: vec4<f32>) -> f32 {
    let codes = (nibbles & 0x3c3c3c3cu) | (((upper >> (2u * quad)) & 0x03030303u) << 6u);
    let even = unpack2x16float((codes & 0x00fc00fcu) | 0x5c005c00u);
    let odd = unpack2x16float(((codes >> 8u) & 0x00fc00fcu) | 0x5c005c00u);
    return dot(even, x.xz) + dot(odd, x.yw);
}

fn group_dot(row: WeightRow, group: u32, x: Activations32) -> f32 {
    let c = code_quad(row, group, 0u);
    let first = c << vec4(2u);
    let second = c >> vec4(2u);
    let upper = upper_pair(row, group);
    let low = (quad_dot(first.x, upper.x, 0u, x.q0) + quad_dot(first.y, upper.x, 1u, x.q1))
        + (quad_dot(first.z, upper.x, 2u, x.q2) + quad_dot(first.w, upper.x, 3u, x.q3));
    let high = (quad_dot(second.x, upper.y, 0u, x.q4) + quad_dot(second.y, upper.y, 1u, x.q5))
        + (quad_dot(second.z, upper.y, 2u, x.q6) + quad_dot(second.w, upper.y, 3u, x.q7));
    let scale = group_scale(row, group);
    let bias = CODE_BIAS + 32.0;
    return scale.x * (low - bias * x.low_sum) + scale.y * (high - bias * x.high_sum);
}
#endif
#ifdef INTEGER
fn raw_codes(row: WeightRow, group: u32) -> RawCodes {
    return RawCodes(code_quad(row, group, 0u), vec4(upper_pair(row, group), 0u, 0u), scale_bits(row, group));
}

fn join_quads(nibbles: vec4<u32>, upper: u32) -> vec4<u32> {
    return less(vec4(join(nibbles.x, upper, 0u), join(nibbles.y, upper, 1u), join(nibbles.z, upper, 2u), join(nibbles.w, upper, 3u)), 32u);
}

fn signed_codes(raw: RawCodes, group: u32) -> SignedCodes {
    let low = join_quads(raw.first, raw.second.x);
    let high = join_quads(raw.first >> vec4(4u), raw.second.y);
    return SignedCodes(low, high, scale_of(raw.scale, group));
}

fn scaled(low: i32, high: i32, scale: vec2<f32>, x_scale: vec2<f32>) -> f32 {
    return x_scale.x * (scale.x * small_float(low) + scale.y * small_float(high));
}
#endif
#ifdef FLOAT_TILES
fn raw_half(row: WeightRow, group: u32, half: u32) -> RawHalf {
    let upper = vec4(upper_pair(row, group), 0u, 0u);
    return RawHalf(code_quad(row, group, 0u), upper, vec4<u32>(), vec4<u32>(), scale_bits(row, group));
}

fn weights16(raw: RawHalf, group: u32, half: u32) -> Weights16 {
    let scales = scale_of(raw.scale, group);
    let scale = select(scales.x, scales.y, half == 1u);
    let upper = select(raw.b.x, raw.b.y, half == 1u);
    let c = raw.a >> vec4(4u * half);
    return Weights16(
        scale * (vec4<f32>(unpack4xU8(join(c.x, upper, 0u))) - 32.0),
        scale * (vec4<f32>(unpack4xU8(join(c.y, upper, 1u))) - 32.0),
        scale * (vec4<f32>(unpack4xU8(join(c.z, upper, 2u))) - 32.0),
        scale * (vec4<f32>(unpack4xU8(join(c.w, upper, 3u))) - 32.0),
    );
}
#endif
