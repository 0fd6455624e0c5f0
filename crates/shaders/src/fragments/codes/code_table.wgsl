// Codes that are places in a table of 16 signed bytes. It lies in workgroup memory, each entry in a bank of its own: lanes that
// look up different codes don't wait for each other. Registers can't be indexed, and selecting takes several times as many
// instructions.
#ifdef TABLE_OF_MATRIX
// Its words end each row's scales.
fn table_word(i: u32, groups: u32) -> u32 {
    return scales[weight_row(0u, groups).scales + (scale_words(groups) - TABLE_WORDS + i) * INTERLEAVE];
}
#else
fn table_word(i: u32, groups: u32) -> u32 { return vec4(TABLE_0, TABLE_1, TABLE_2, TABLE_3)[i]; }
#endif

fn table_value(i: u32, groups: u32) -> i32 {
    return extractBits(bitcast<i32>(table_word(i / 4u, groups)), i % 4u * 8u, 8u);
}

#ifdef INTEGER
#import bytes_of_table
#else
var<workgroup> table: array<f32, 16>;

fn fill_table(index: u32, groups: u32) {
    if index < 16u { table[index] = f32(table_value(index, groups)); }
}

fn entry(codes: u32, i: u32) -> f32 {
    return table[(codes >> (8u * i)) & 0x0fu];
}

fn values4(codes: u32) -> vec4<f32> {
    return vec4(entry(codes, 0u), entry(codes, 1u), entry(codes, 2u), entry(codes, 3u));
}
#endif
#ifdef ACTIVATIONS
fn group_dot(row: WeightRow, group: u32, x: Activations32) -> f32 {
    let p = planes_of(row, group);
    let low = (dot(values4(codes4(p, 0u, 0u)), x.q0) + dot(values4(codes4(p, 1u, 0u)), x.q1))
        + (dot(values4(codes4(p, 2u, 0u)), x.q2) + dot(values4(codes4(p, 3u, 0u)), x.q3));
    let high = (dot(values4(codes4(p, 4u, 0u)), x.q4) + dot(values4(codes4(p, 5u, 0u)), x.q5))
        + (dot(values4(codes4(p, 6u, 0u)), x.q6) + dot(values4(codes4(p, 7u, 0u)), x.q7));
    return scaled_sums(low, high, group_scale(row, group), x);
}
#endif
