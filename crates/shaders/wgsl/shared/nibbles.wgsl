// Four-bit codes, eight a word, as GGUF's blocks have them: byte i of a group holds weight i in its low half and weight
// 16 + i in its high half.
const WORDS_PER_GROUP: u32 = 4u;

fn low_quad(quarter: u32) -> u32 { return quarter; }
fn high_quad(quarter: u32) -> u32 { return quarter + 4u; }

fn nibbles(row: u32, group: u32, quarter: u32, groups: u32) -> Weights8 {
    let word = codes[interleaved(row, group * WORDS_PER_GROUP + quarter, groups * WORDS_PER_GROUP)];
    return Weights8(vec4<f32>(unpack4xU8(word & 0x0f0f0f0fu)), vec4<f32>(unpack4xU8((word >> 4u) & 0x0f0f0f0fu)));
}
