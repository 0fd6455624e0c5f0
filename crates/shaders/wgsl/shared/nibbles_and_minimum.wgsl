// Formats of 4-bit codes with a minimum: scale * code + minimum. Each has its own `scale_of`, which gives both.
#import nibbles

fn weights8(row: WeightRow, group: u32, quarter: u32, scale: vec2<f32>) -> Weights8 {
    let c = nibbles(row, group, quarter);
    return Weights8(scale.x * c.low + scale.y, scale.x * c.high + scale.y);
}

#ifdef ACTIVATIONS
fn group_dot(row: WeightRow, group: u32, x: Activations32) -> f32 {
    let scale = group_scale(row, group);
    let sum = x.low_sum + x.high_sum;
    return scale.x * (nibble_dot(row, group, x) - NIBBLE_BIAS * sum) + scale.y * sum;
}
#endif
#ifdef INTEGER
fn signed_codes(raw: RawCodes, group: u32) -> SignedCodes {
    return SignedCodes(low_nibbles(raw.first), high_nibbles(raw.first), scale_of(raw.scale, group));
}

fn scaled(low: i32, high: i32, scale: vec2<f32>, x_scale: vec2<f32>) -> f32 {
    return scale.x * x_scale.x * small_float(low + high) + scale.y * x_scale.y;
}
#endif
#ifdef FLOAT_TILES
fn weights16(raw: RawHalf, group: u32, half: u32) -> Weights16 {
    let scale = scale_of(raw.scale, group);
    return nibbles16(raw, half, scale.x, scale.y);
}
#endif
