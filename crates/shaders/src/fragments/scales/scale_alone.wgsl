// One scale a group: scale * code.
#import one_scale
fn weights4(values: vec4<f32>, scale: Scale, half: u32) -> vec4<f32> { return scale.x * values; }

#ifdef ACTIVATIONS
fn scaled_sums(low: f32, high: f32, scale: Scale, x: Activations32) -> f32 { return scale.x * (low + high); }
#endif
#ifdef INTEGER
fn scaled(low: i32, high: i32, scale: Scale, x_scale: XScale) -> f32 {
#ifdef ZERO_BY_SUM
    return scale.x * (x_scale.x * f32(low + high) - f32(CODE_ZERO) * x_scale.y);
#else
    return scale.x * (x_scale.x * f32(low + high));
#endif
}
#endif
