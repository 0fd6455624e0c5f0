// F16: two weights a word.
const WORDS_PER_GROUP: u32 = 16u;

fn low_quad(quarter: u32) -> u32 { return 2u * quarter; }
fn high_quad(quarter: u32) -> u32 { return 2u * quarter + 1u; }

fn code(row: u32, word: u32, groups: u32) -> u32 {
    return codes[interleaved(row, word, groups * WORDS_PER_GROUP)];
}

fn weights8(row: u32, group: u32, quarter: u32, groups: u32) -> Weights8 {
    let word = group * WORDS_PER_GROUP + quarter * 4u;
    return Weights8(
        vec4(unpack2x16float(code(row, word, groups)), unpack2x16float(code(row, word + 1u, groups))),
        vec4(unpack2x16float(code(row, word + 2u, groups)), unpack2x16float(code(row, word + 3u, groups))),
    );
}
