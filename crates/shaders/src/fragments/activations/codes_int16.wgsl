// A group of 32 activations in fixed point of 16 bits: value = scale * (256 * high + low), both signed bytes, with a scale that is
// a 32,000th of the group's largest magnitude.
#import group_magnitude

struct CodesOfGroup {
    quads: array<vec4<u32>, CODE_QUADS>, // high bytes of values 0 to 15, then of 16 to 31; low bytes of the same
    scale: vec2<f32>,                    // the scale, and the scale times the sum of the codes
}

// The lowest bytes of four words.
fn bytes_of_words(v: vec4<u32>) -> u32 {
    return ((v.x & 0xffu) | ((v.y & 0xffu) << 8u)) | (((v.z & 0xffu) << 16u) | (v.w << 24u));
}

// Integers between -2^15 and 2^15 as the lowest bits of an f32 between 2^23 and 2^24, with 128 for rounding the high byte.
fn fixed(q: vec4<f32>, inverse: f32) -> vec4<u32> {
    return bitcast<vec4<u32>>(q * inverse + vec4(12583040.0));
}

fn codes_of(q: array<vec4<f32>, 8>) -> CodesOfGroup {
    let largest = magnitude_of(q);
    let inverse = inverse_of(largest, 32000.0);
    let a = fixed(q[0], inverse);
    let b = fixed(q[1], inverse);
    let c = fixed(q[2], inverse);
    let d = fixed(q[3], inverse);
    let e = fixed(q[4], inverse);
    let f = fixed(q[5], inverse);
    let g = fixed(q[6], inverse);
    let h = fixed(q[7], inverse);
    let byte = vec4(8u);
    let high_a = vec4(bytes_of_words(a >> byte), bytes_of_words(b >> byte), bytes_of_words(c >> byte), bytes_of_words(d >> byte));
    let high_b = vec4(bytes_of_words(e >> byte), bytes_of_words(f >> byte), bytes_of_words(g >> byte), bytes_of_words(h >> byte));
    let low_a = vec4(bytes_of_words(a), bytes_of_words(b), bytes_of_words(c), bytes_of_words(d)) ^ vec4(0x80808080u);
    let low_b = vec4(bytes_of_words(e), bytes_of_words(f), bytes_of_words(g), bytes_of_words(h)) ^ vec4(0x80808080u);
    let sum = 256 * (sum_of_codes(high_a) + sum_of_codes(high_b)) + (sum_of_codes(low_a) + sum_of_codes(low_b));
    let scale = step_of(largest, 32000.0);
    return CodesOfGroup(array(high_a, high_b, low_a, low_b), vec2(scale, scale * f32(sum)));
}
