// A weight matrix, repacked: rows in groups of INTERLEAVE, word by word, so that neighbouring invocations that take
// neighbouring rows (INTERLEAVE > 1) or neighbouring words of a row (INTERLEAVE = 1) read neighbouring memory.
// Along a row, weights come in groups of 32; `weights8` gives a quarter of a group.
#import weight_format

// Eight weights, and where in their group of 32 they stand, in units of four.
struct Weights8 {
    low: vec4<f32>,
    high: vec4<f32>,
}

fn interleaved(row: u32, word: u32, words_per_row: u32) -> u32 {
    return ((row / INTERLEAVE) * words_per_row + word) * INTERLEAVE + row % INTERLEAVE;
}
