// The product of a group of weights with activations in fixed point of 16 bits: that with their high bytes, and that with their low
// ones.
struct Activations32 {
    high_a: vec4<u32>, // of values 0 to 15
    high_b: vec4<u32>, // of values 16 to 31
    low_a: vec4<u32>,
    low_b: vec4<u32>,
    high_scale: XScale, // and the sums of both
    low_scale: XScale,  // and no sums
}

fn sum_of_bytes(quad: vec4<u32>) -> i32 { return dot16(quad, vec4(0x01010101u)); }

fn activations32(quads: array<vec4<u32>, X_QUADS>, scale: vec2<f32>) -> Activations32 {
    let sum = scale.x * (256.0 * f32(sum_of_bytes(quads[0])) + f32(sum_of_bytes(quads[2])));
    let high = x_scale(256.0 * scale.x, sum, scale.y - sum);
    return Activations32(quads[0], quads[1], quads[2], quads[3], high, x_scale(scale.x, 0.0, 0.0));
}

fn product(codes: SignedCodes, x: Activations32) -> f32 {
    return scaled(dot16(codes.low, x.high_a), dot16(codes.high, x.high_b), codes.scale, x.high_scale)
        + scaled(dot16(codes.low, x.low_a), dot16(codes.high, x.low_b), codes.scale, x.low_scale);
}
