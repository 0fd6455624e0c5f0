// A weight matrix, repacked: rows in groups of INTERLEAVE, word by word, so that neighbouring invocations that take
// neighbouring rows (INTERLEAVE > 1) or neighbouring words of a row (INTERLEAVE = 1) read neighbouring memory.
// Along a row, weights come in groups of 32; `weights8` gives a quarter of a group.
//
// What depends on the row alone and on the group alone is computed once by `weight_row` and `group_scale`: software adapters
// move nothing out of a loop.
#import weight_format

// Eight weights, and where in their group of 32 they stand, in units of four.
struct Weights8 {
    low: vec4<f32>,
    high: vec4<f32>,
}

// Where the words of a row begin in the planes of codes and scales. The next word is INTERLEAVE further.
struct WeightRow {
    codes: u32,
    scales: u32,
}

fn weight_row(row: u32, groups: u32) -> WeightRow {
    let first = row / INTERLEAVE * INTERLEAVE;
    let within = row % INTERLEAVE;
    return WeightRow(first * groups * CODE_WORDS + within, first * scale_words(groups) + within);
}
