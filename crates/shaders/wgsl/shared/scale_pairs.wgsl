// One f16 scale a group of 32, those of two neighbouring groups in a word.
fn scale(row: u32, group: u32, groups: u32) -> f32 {
    return unpack2x16float(scales[interleaved(row, group / 2u, (groups + 1u) / 2u)])[group & 1u];
}
