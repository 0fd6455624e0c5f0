// A group of 32 activations in fixed point of 16 bits: value = scale * (256 * high + low), both signed bytes, with a scale that is
// a 32,000th of the group's largest magnitude.
#import group_of_codes
const LARGEST_CODE: f32 = 32000.0;

// The high and the low bytes of a quad: integers between -2^15 and 2^15 as the lowest bits of an f32 between 2^23 and 2^24, with 128
// for rounding the high byte.
fn quad_codes(q: vec4<f32>, inverse: f32) -> array<u32, CODE_PLANES> {
    let fixed = bitcast<vec4<u32>>(q * inverse + vec4(12583040.0));
    return array(bytes_of_words(fixed >> vec4(8u)), bytes_of_words(fixed) ^ 0x80808080u);
}

fn sum_of_quad(words: array<u32, CODE_PLANES>) -> i32 {
    return 256 * dot4I8Packed(words[0], 0x01010101u) + dot4I8Packed(words[1], 0x01010101u);
}
