// F32: a weight a word.
const WORDS_PER_GROUP: u32 = 32u;

fn low_quad(quarter: u32) -> u32 { return 2u * quarter; }
fn high_quad(quarter: u32) -> u32 { return 2u * quarter + 1u; }

fn code(row: u32, word: u32, groups: u32) -> u32 {
    return codes[interleaved(row, word, groups * WORDS_PER_GROUP)];
}

fn weights8(row: u32, group: u32, quarter: u32, groups: u32) -> Weights8 {
    let word = group * WORDS_PER_GROUP + quarter * 8u;
    return Weights8(
        bitcast<vec4<f32>>(vec4(code(row, word, groups), code(row, word + 1u, groups), code(row, word + 2u, groups), code(row, word + 3u, groups))),
        bitcast<vec4<f32>>(vec4(code(row, word + 4u, groups), code(row, word + 5u, groups), code(row, word + 6u, groups), code(row, word + 7u, groups))),
    );
}
