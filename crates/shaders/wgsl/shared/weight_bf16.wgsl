// BF16, the upper half of an f32: two weights a word.
#import unscaled
const CODE_WORDS: u32 = 16u;

fn low_quad(quarter: u32) -> u32 { return 2u * quarter; }
fn high_quad(quarter: u32) -> u32 { return 2u * quarter + 1u; }

fn unpack2x16brain(word: u32) -> vec2<f32> {
    return bitcast<vec2<f32>>(vec2(word << 16u, word & 0xffff0000u));
}

fn weights8(row: WeightRow, group: u32, quarter: u32, scale: vec2<f32>) -> Weights8 {
    let at = row.codes + (group * CODE_WORDS + quarter * 4u) * INTERLEAVE;
    return Weights8(
        vec4(unpack2x16brain(codes[at]), unpack2x16brain(codes[at + INTERLEAVE])),
        vec4(unpack2x16brain(codes[at + 2u * INTERLEAVE]), unpack2x16brain(codes[at + 3u * INTERLEAVE])),
    );
}
