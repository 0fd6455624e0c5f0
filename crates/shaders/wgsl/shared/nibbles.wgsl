// Four-bit codes, eight a word, as GGUF's blocks have them: byte i of a group holds weight i in its low half and weight
// 16 + i in its high half.
const CODE_WORDS: u32 = 4u;

fn low_quad(quarter: u32) -> u32 { return quarter; }
fn high_quad(quarter: u32) -> u32 { return quarter + 4u; }

fn nibbles(row: WeightRow, group: u32, quarter: u32) -> Weights8 {
    let word = codes[row.codes + (group * CODE_WORDS + quarter) * INTERLEAVE];
    return Weights8(vec4<f32>(unpack4xU8(word & 0x0f0f0f0fu)), vec4<f32>(unpack4xU8((word >> 4u) & 0x0f0f0f0fu)));
}
