// Scales of two numbers a group: scale * code + minimum.
#import one_scale
fn weights4(values: vec4<f32>, scale: Scale, half: u32) -> vec4<f32> { return scale.x * values + scale.y; }

#ifdef ACTIVATIONS
fn scaled_sums(low: f32, high: f32, scale: Scale, x: Activations32) -> f32 {
    return scale.x * (low + high) + scale.y * (x.low_sum + x.high_sum);
}
#endif
#ifdef INTEGER
fn scaled(low: i32, high: i32, scale: Scale, x_scale: XScale) -> f32 {
    return scale.x * (x_scale.x * f32(low + high)) + scale.y * x_scale.y;
}
#endif
