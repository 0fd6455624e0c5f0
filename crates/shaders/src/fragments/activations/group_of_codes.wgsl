// The codes of a group of 32 activations, whatever their bits: in planes of bytes, the highest first.

// What is smaller counts as zero: a 127th of it would underflow.
const SMALLEST: f32 = 1e-35;

struct CodesOfGroup {
    quads: array<vec4<u32>, CODE_QUADS>, // of each plane, values 0 to 15, then 16 to 31: value 4w + i in byte i of word w
    scale: vec2<f32>,                    // the scale, and the scale times the sum of the codes
}

fn magnitude_of(q: array<vec4<f32>, 8>) -> f32 {
    let magnitudes = max(
        max(max(abs(q[0]), abs(q[1])), max(abs(q[2]), abs(q[3]))),
        max(max(abs(q[4]), abs(q[5])), max(abs(q[6]), abs(q[7]))),
    );
    return max(max(magnitudes.x, magnitudes.y), max(magnitudes.z, magnitudes.w));
}

fn step_of(largest: f32, steps: f32) -> f32 { return select(0.0, largest / steps, largest >= SMALLEST); }

fn inverse_of(largest: f32, steps: f32) -> f32 { return select(0.0, steps / largest, largest >= SMALLEST); }

// The lowest bytes of four words.
fn bytes_of_words(v: vec4<u32>) -> u32 {
    return ((v.x & 0xffu) | ((v.y & 0xffu) << 8u)) | (((v.z & 0xffu) << 16u) | (v.w << 24u));
}

fn codes_of(q: array<vec4<f32>, 8>) -> CodesOfGroup {
    let largest = magnitude_of(q);
    let inverse = inverse_of(largest, LARGEST_CODE);
    var sum = 0;
#for q QUADS
    let words$q = quad_codes(q[$q], inverse);
    sum += sum_of_quad(words$q);
#endfor
    var codes: CodesOfGroup;
#for p CODE_PLANES
    codes.quads[2 * $p] = vec4(words0[$p], words1[$p], words2[$p], words3[$p]);
    codes.quads[2 * $p + 1] = vec4(words4[$p], words5[$p], words6[$p], words7[$p]);
#endfor
    let scale = step_of(largest, LARGEST_CODE);
    codes.scale = vec2(scale, scale * f32(sum));
    return codes;
}
