// Doubly quantised scales: an f32 factor for 256 groups of a row or what is left of it, then a signed byte for each of them.
#import scale_alone
fn pure_scale_words(groups: u32) -> u32 { return (groups + 255u) / 256u + (groups + 3u) / 4u; }

// The factor, and the word with the byte of a group.
fn scale_bits(row: WeightRow, group: u32) -> vec2<u32> {
    let first = row.scales + group / 256u * 65u * INTERLEAVE;
    return vec2(scales[first], scales[first + (1u + group % 256u / 4u) * INTERLEAVE]);
}

fn scale_of(bits: vec2<u32>, group: u32) -> Scale {
    return vec2(bitcast<f32>(bits.x) * f32(extractBits(bitcast<i32>(bits.y), group % 4u * 8u, 8u)), 0.0);
}
