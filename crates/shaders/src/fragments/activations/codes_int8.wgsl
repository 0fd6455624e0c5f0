// A group of 32 activations in signed codes of 8 bits: value = scale * code, with a scale that is a 127th of the group's largest
// magnitude.
#import group_magnitude

struct CodesOfGroup {
    quads: array<vec4<u32>, CODE_QUADS>, // values 0 to 15, then 16 to 31: value 4w + i in byte i of word w
    scale: vec2<f32>,                    // the scale, and the scale times the sum of the codes
}

// Integers between -127 and 127 as the lowest bytes of an f32 between 2^23 and 2^24.
fn rounded_codes(values: vec4<f32>, inverse: f32) -> u32 {
    let bits = bitcast<vec4<u32>>(values * inverse + vec4(12582912.0));
    return ((bits.x & 0xffu) | ((bits.y & 0xffu) << 8u)) | (((bits.z & 0xffu) << 16u) | (bits.w << 24u));
}

fn codes_of(q: array<vec4<f32>, 8>) -> CodesOfGroup {
    let largest = magnitude_of(q);
    let inverse = inverse_of(largest, 127.0);
    let low = vec4(rounded_codes(q[0], inverse), rounded_codes(q[1], inverse), rounded_codes(q[2], inverse), rounded_codes(q[3], inverse));
    let high = vec4(rounded_codes(q[4], inverse), rounded_codes(q[5], inverse), rounded_codes(q[6], inverse), rounded_codes(q[7], inverse));
    let scale = step_of(largest, 127.0);
    return CodesOfGroup(array(low, high), vec2(scale, scale * f32(sum_of_codes(low) + sum_of_codes(high))));
}
