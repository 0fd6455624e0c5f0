// A group of 32 activations in signed codes of 8 bits: value = scale * code, with a scale that is a 127th of the group's largest
// magnitude.
#import group_of_codes
const LARGEST_CODE: f32 = 127.0;

// The codes of a quad, integers between -127 and 127, as the lowest bytes of an f32 between 2^23 and 2^24.
fn quad_codes(q: vec4<f32>, inverse: f32) -> array<u32, CODE_PLANES> {
    return array(bytes_of_words(bitcast<vec4<u32>>(q * inverse + vec4(12582912.0))));
}

fn sum_of_quad(words: array<u32, CODE_PLANES>) -> i32 { return dot4I8Packed(words[0], 0x01010101u); }
