// For formats whose halves of a group have scales of their own: what integer activations are scaled with is their scale, then the
// sums of both halves.
alias XScale = vec4<f32>;

fn x_scale(scale: f32, low_sum: f32, high_sum: f32) -> XScale { return vec4(scale, low_sum, high_sum, 0.0); }

// From the scale and the sum of a group of activations in signed codes, and the codes of its first half.
fn x_scale_of(scale: vec2<f32>, low: vec4<u32>) -> XScale {
    let low_sum = scale.x * f32(dot16(low, vec4(0x01010101u)));
    return x_scale(scale.x, low_sum, scale.y - low_sum);
}
