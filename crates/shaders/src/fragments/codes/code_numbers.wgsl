// Codes that are numbers: CODE_ZERO is the one that stands for zero.
fn values4(codes: u32) -> vec4<f32> {
    return vec4<f32>(unpack4xU8(codes)) - f32(CODE_ZERO);
}

#ifdef ACTIVATIONS
// A code at the top of a byte, the byte being the lower one of an f16 of this exponent, is CODE_BIAS more: an f16 between 2^n and
// 2^(n + 1). GPUs convert f16 several times as fast as integers, and the bias is small enough that f32 sums lose nothing by it.
const CODE_BIAS: f32 = f32(4u << CODE_BITS);
const BIAS_BITS: u32 = (17u + CODE_BITS) * 0x04000400u;

// The sum of (code + CODE_BIAS) * activation over four codes.
fn quad_dot(p: Planes, quad: u32, x: vec4<f32>) -> f32 {
    let pairs = pairs4(p, quad) | vec2(BIAS_BITS);
    return dot(unpack2x16float(pairs.x), x.xz) + dot(unpack2x16float(pairs.y), x.yw);
}

fn group_dot(row: WeightRow, group: u32, x: Activations32) -> f32 {
    let p = planes_of(row, group);
    let low = (quad_dot(p, 0u, x.q0) + quad_dot(p, 1u, x.q1)) + (quad_dot(p, 2u, x.q2) + quad_dot(p, 3u, x.q3));
    let high = (quad_dot(p, 4u, x.q4) + quad_dot(p, 5u, x.q5)) + (quad_dot(p, 6u, x.q6) + quad_dot(p, 7u, x.q7));
    let bias = CODE_BIAS + f32(CODE_ZERO);
    return scaled_sums(low - bias * x.low_sum, high - bias * x.high_sum, group_scale(row, group), x);
}
#endif
#ifdef INTEGER
fn signed_halves(p: Planes) -> SignedHalves {
    let low = vec4(codes4(p, 0u, 0u), codes4(p, 1u, 0u), codes4(p, 2u, 0u), codes4(p, 3u, 0u));
    let high = vec4(codes4(p, 4u, 0u), codes4(p, 5u, 0u), codes4(p, 6u, 0u), codes4(p, 7u, 0u));
#ifdef UNSIGNED
    return SignedHalves(low, high);
#else
    return SignedHalves(less(low, CODE_ZERO), less(high, CODE_ZERO));
#endif
}
#endif
