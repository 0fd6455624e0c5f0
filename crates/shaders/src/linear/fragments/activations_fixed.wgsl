// What a group of 32 weights with integer codes is multiplied with, in fixed point: value = scale * (256 * high + low), both
// signed bytes, for integer dot products. It is off by a 64,000th of the group's largest magnitude at most.
struct Activations32 {
    high_a: vec4<u32>, // of values 0 to 15
    high_b: vec4<u32>, // of values 16 to 31
    low_a: vec4<u32>,
    low_b: vec4<u32>,
    scale: f32,
    low_sum: f32, // of values 0 to 15
    high_sum: f32,
}

// The lowest bytes of four words.
fn bytes_of_words(v: vec4<u32>) -> u32 {
    return ((v.x & 0xffu) | ((v.y & 0xffu) << 8u)) | (((v.z & 0xffu) << 16u) | (v.w << 24u));
}

// Integers between -2^15 and 2^15 as the lowest bits of an f32 between 2^23 and 2^24, with 128 for rounding `high`.
fn fixed(q: vec4<f32>, inverse: f32) -> vec4<u32> {
    return bitcast<vec4<u32>>(q * inverse + vec4(12583040.0));
}

fn activations32(q: array<vec4<f32>, 8>) -> Activations32 {
    let magnitudes = max(
        max(max(abs(q[0]), abs(q[1])), max(abs(q[2]), abs(q[3]))),
        max(max(abs(q[4]), abs(q[5])), max(abs(q[6]), abs(q[7]))),
    );
    // What is smaller than 1e-30 counts as zero: the quotient would overflow.
    let largest = max(max(max(magnitudes.x, magnitudes.y), max(magnitudes.z, magnitudes.w)), 1e-30);
    let inverse = 32000.0 / largest;
    let a = fixed(q[0], inverse);
    let b = fixed(q[1], inverse);
    let c = fixed(q[2], inverse);
    let d = fixed(q[3], inverse);
    let e = fixed(q[4], inverse);
    let f = fixed(q[5], inverse);
    let g = fixed(q[6], inverse);
    let h = fixed(q[7], inverse);
    let byte = vec4(8u);
    return Activations32(
        vec4(bytes_of_words(a >> byte), bytes_of_words(b >> byte), bytes_of_words(c >> byte), bytes_of_words(d >> byte)),
        vec4(bytes_of_words(e >> byte), bytes_of_words(f >> byte), bytes_of_words(g >> byte), bytes_of_words(h >> byte)),
        vec4(bytes_of_words(a), bytes_of_words(b), bytes_of_words(c), bytes_of_words(d)) ^ vec4(0x80808080u),
        vec4(bytes_of_words(e), bytes_of_words(f), bytes_of_words(g), bytes_of_words(h)) ^ vec4(0x80808080u),
        largest / 32000.0,
        total((q[0] + q[1]) + (q[2] + q[3])),
        total((q[4] + q[5]) + (q[6] + q[7])),
    );
}
