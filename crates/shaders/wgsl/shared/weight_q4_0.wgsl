// Q4_0: scale * (code - 8), codes of 4 bits.
#import nibbles
#import scale_pairs

fn weights8(row: WeightRow, group: u32, quarter: u32, scale: vec2<f32>) -> Weights8 {
    let c = nibbles(row, group, quarter);
    return Weights8(scale.x * (c.low - 8.0), scale.x * (c.high - 8.0));
}

#ifdef ACTIVATIONS
fn group_dot(row: WeightRow, group: u32, x: Activations32) -> f32 {
    return group_scale(row, group).x * (nibble_dot(row, group, x) - (NIBBLE_BIAS + 8.0) * (x.low_sum + x.high_sum));
}
#endif
#ifdef INTEGER
fn signed_codes(raw: RawCodes, group: u32) -> SignedCodes {
    return SignedCodes(less(low_nibbles(raw.first), 8u), less(high_nibbles(raw.first), 8u), scale_of(raw.scale, group));
}
#endif
#ifdef FLOAT_TILES
fn weights16(raw: RawHalf, group: u32, half: u32) -> Weights16 {
    let scale = scale_of(raw.scale, group).x;
    return nibbles16(raw, half, scale, -8.0 * scale);
}
#endif
