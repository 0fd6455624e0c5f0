// A weight matrix, repacked. Along a row, weights come in groups of 32; the words of a group's codes lie in planes, four words
// of every group and then the next four. Rows stand side by side in groups of INTERLEAVE, word by word: neighbouring
// invocations that take neighbouring rows (INTERLEAVE > 1) or neighbouring groups of a row (INTERLEAVE = 1, when a plane is
// read as vec4) read neighbouring memory.
//
// What depends on the row alone and on the group alone is computed once by `weight_row` and `group_scale`: software adapters
// move nothing out of a loop.

// Eight weights, and where in their group of 32 they stand, in units of four.
struct Weights8 {
    low: vec4<f32>,
    high: vec4<f32>,
}

// Where a row begins in the planes of codes and scales.
struct WeightRow {
    codes: u32,
    scales: u32,
    groups: u32,
}

#ifdef WIDE
fn weight_row(row: u32, groups: u32) -> WeightRow {
    return WeightRow(row * groups * CODE_WORDS / 4u, row * scale_words(groups), groups);
}

// Four words of the codes of a group, from a whole plane.
fn code_quad(row: WeightRow, group: u32, plane: u32) -> vec4<u32> {
    return codes[row.codes + plane * row.groups + group];
}

// One word of the codes of a group.
fn code_word(row: WeightRow, group: u32, word: u32) -> u32 {
    return codes[row.codes + word / 4u * row.groups + group][word % 4u];
}
#else
fn weight_row(row: u32, groups: u32) -> WeightRow {
    let first = row / INTERLEAVE * INTERLEAVE;
    let within = row % INTERLEAVE;
    return WeightRow(first * groups * CODE_WORDS + within, first * scale_words(groups) + within, groups);
}

fn code_quad(row: WeightRow, group: u32, plane: u32) -> vec4<u32> {
    let at = row.codes + (plane * row.groups + group) * 4u * INTERLEAVE;
    return vec4(codes[at], codes[at + INTERLEAVE], codes[at + 2u * INTERLEAVE], codes[at + 3u * INTERLEAVE]);
}

fn code_word(row: WeightRow, group: u32, word: u32) -> u32 {
    return codes[row.codes + (word / 4u * 4u * row.groups + group * 4u + word % 4u) * INTERLEAVE];
}
#endif
#ifdef INTEGER
#import signed_codes
#endif
#ifdef FLOAT_TILES
#import weights16
#endif
#import weight_format

// What has to be done before weights are read, by all invocations of a workgroup, 16 at least.
#ifdef TABLE
fn prepare_weights(index: u32, groups: u32) {
    fill_table(index, groups);
    workgroupBarrier();
}
#else
fn prepare_weights(index: u32, groups: u32) {}
#endif

// What a group's scales are, in the meaning of the format.
fn group_scale(row: WeightRow, group: u32) -> Scale {
    return scale_of(scale_bits(row, group), group);
}
