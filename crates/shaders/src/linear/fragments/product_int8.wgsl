// The product of a group of weights with activations in codes of 8 bits.
struct Activations32 {
    low: vec4<u32>, // of values 0 to 15
    high: vec4<u32>,
    scale: XScale,
}

fn activations32(quads: array<vec4<u32>, X_QUADS>, scale: vec2<f32>) -> Activations32 {
    return Activations32(quads[0], quads[1], x_scale_of(scale, quads[0]));
}

fn product(codes: SignedCodes, x: Activations32) -> f32 {
    return scaled(dot16(codes.low, x.low), dot16(codes.high, x.high), codes.scale, x.scale);
}
