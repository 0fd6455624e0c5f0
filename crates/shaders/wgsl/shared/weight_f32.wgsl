// F32: a weight a word.
#import unscaled
const CODE_WORDS: u32 = 32u;

fn low_quad(quarter: u32) -> u32 { return 2u * quarter; }
fn high_quad(quarter: u32) -> u32 { return 2u * quarter + 1u; }

fn weights8(row: WeightRow, group: u32, quarter: u32, scale: vec2<f32>) -> Weights8 {
    let at = row.codes + (group * CODE_WORDS + quarter * 8u) * INTERLEAVE;
    return Weights8(
        bitcast<vec4<f32>>(vec4(codes[at], codes[at + INTERLEAVE], codes[at + 2u * INTERLEAVE], codes[at + 3u * INTERLEAVE])),
        bitcast<vec4<f32>>(vec4(codes[at + 4u * INTERLEAVE], codes[at + 5u * INTERLEAVE], codes[at + 6u * INTERLEAVE], codes[at + 7u * INTERLEAVE])),
    );
}
