// Q8_0: scale * code, codes of 8 bits, signed.
#import scale_pairs
const CODE_WORDS: u32 = 8u;

fn low_quad(quarter: u32) -> u32 { return 2u * quarter; }
fn high_quad(quarter: u32) -> u32 { return 2u * quarter + 1u; }

fn weights8(row: WeightRow, group: u32, quarter: u32, scale: vec2<f32>) -> Weights8 {
    let at = row.codes + (group * CODE_WORDS + quarter * 2u) * INTERLEAVE;
    return Weights8(
        scale.x * vec4<f32>(unpack4xI8(codes[at])),
        scale.x * vec4<f32>(unpack4xI8(codes[at + INTERLEAVE])),
    );
}
