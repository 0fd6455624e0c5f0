// Sine and cosine of any angle to f32 accuracy. The built-in ones promise 2^-11 within [-pi, pi] and nothing beyond,
// and the rope angle of a late position is large.

// (cos, sin) of `angle` >= 0. Cody-Waite reduction by multiples of pi/2, then the Taylor polynomials on [-pi/4, pi/4].
fn cos_sin(angle: f32) -> vec2<f32> {
    let quarter = round(angle * 0.63661977);
    // pi/2 = 25/16 + 17/2048 + the rest. The first two have five bits: their products with `quarter` are exact up to 2^19, which
    // is angles, and positions, up to 800,000.
    let r = ((angle - quarter * 1.5625) - quarter * 8.30078125e-3) + quarter * 4.4544551e-6;
    let r2 = r * r;
    let s = r * (1.0 + r2 * (-1.6666667e-1 + r2 * (8.3333333e-3 + r2 * (-1.9841270e-4 + r2 * 2.7557319e-6))));
    let c = 1.0 + r2 * (-0.5 + r2 * (4.1666668e-2 + r2 * (-1.3888889e-3 + r2 * (2.4801587e-5 - r2 * 2.7557319e-7))));
    switch u32(quarter) & 3u {
        case 0u: { return vec2(c, s); }
        case 1u: { return vec2(-s, c); }
        case 2u: { return vec2(-c, -s); }
        default: { return vec2(s, -c); }
    }
}
