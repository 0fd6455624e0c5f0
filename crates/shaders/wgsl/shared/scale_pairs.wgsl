// One f16 scale a group of 32, those of two neighbouring groups in a word.
fn scale_words(groups: u32) -> u32 { return (groups + 1u) / 2u; }

fn group_scale(row: WeightRow, group: u32) -> vec2<f32> {
    return vec2(unpack2x16float(scales[row.scales + group / 2u * INTERLEAVE])[group & 1u], 0.0);
}
