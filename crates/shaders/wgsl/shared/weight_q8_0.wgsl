// Q8_0: scale * code, codes of 8 bits, signed.
#import scale_pairs

const WORDS_PER_GROUP: u32 = 8u;

fn low_quad(quarter: u32) -> u32 { return 2u * quarter; }
fn high_quad(quarter: u32) -> u32 { return 2u * quarter + 1u; }

fn weights8(row: u32, group: u32, quarter: u32, groups: u32) -> Weights8 {
    let word = group * WORDS_PER_GROUP + quarter * 2u;
    let low = codes[interleaved(row, word, groups * WORDS_PER_GROUP)];
    let high = codes[interleaved(row, word + 1u, groups * WORDS_PER_GROUP)];
    let s = scale(row, group, groups);
    return Weights8(s * vec4<f32>(unpack4xI8(low)), s * vec4<f32>(unpack4xI8(high)));
}
