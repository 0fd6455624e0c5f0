// F16: two weights a word.
#import unscaled
const CODE_WORDS: u32 = 16u;

fn low_quad(quarter: u32) -> u32 { return 2u * quarter; }
fn high_quad(quarter: u32) -> u32 { return 2u * quarter + 1u; }

fn weights8(row: WeightRow, group: u32, quarter: u32, scale: vec2<f32>) -> Weights8 {
    let at = row.codes + (group * CODE_WORDS + quarter * 4u) * INTERLEAVE;
    return Weights8(
        vec4(unpack2x16float(codes[at]), unpack2x16float(codes[at + INTERLEAVE])),
        vec4(unpack2x16float(codes[at + 2u * INTERLEAVE]), unpack2x16float(codes[at + 3u * INTERLEAVE])),
    );
}
