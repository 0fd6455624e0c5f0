// One scale a group of 32, those of two neighbouring groups in a word: each an f16 or the upper half of an f32.
#import scale_alone
fn pure_scale_words(groups: u32) -> u32 { return (groups + 1u) / 2u; }

fn scale_bits(row: WeightRow, group: u32) -> vec2<u32> {
    return vec2(scales[row.scales + group / 2u * INTERLEAVE], 0u);
}

fn scale_of(bits: vec2<u32>, group: u32) -> Scale {
#ifdef UPPER_HALVES
    return vec2(bitcast<f32>(select(bits.x << 16u, bits.x & 0xffff0000u, (group & 1u) == 1u)), 0.0);
#else
    return vec2(unpack2x16float(bits.x)[group & 1u], 0.0);
#endif
}
