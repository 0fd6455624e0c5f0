// One f16 scale a group of 32, those of two neighbouring groups in a word.
fn scale_words(groups: u32) -> u32 { return (groups + 1u) / 2u; }

fn scale_bits(row: WeightRow, group: u32) -> vec2<u32> {
    return vec2(scales[row.scales + group / 2u * INTERLEAVE], 0u);
}

fn scale_of(bits: vec2<u32>, group: u32) -> vec2<f32> {
    return vec2(unpack2x16float(bits.x)[group & 1u], 0.0);
}

#ifdef INTEGER
fn scaled(low: i32, high: i32, scale: vec2<f32>, x_scale: vec2<f32>) -> f32 {
    return scale.x * x_scale.x * small_float(low + high);
}
#endif
