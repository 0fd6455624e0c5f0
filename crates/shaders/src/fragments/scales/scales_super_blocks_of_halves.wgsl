// A scale for each half of a group: a signed byte, times the f32 factor of the super-block.
#import super_blocks
#ifdef ZERO_BY_SUM
#import sums_of_halves
alias Scale = vec2<f32>;
#else
#import one_scale
#endif

fn scale_of(bits: vec2<u32>, group: u32) -> Scale {
    let bytes = bitcast<i32>(bytes_of(bits, group));
    return bitcast<f32>(bits.x) * vec2(f32((bytes << 24u) >> 24u), f32((bytes << 16u) >> 24u));
}

fn weights4(values: vec4<f32>, scale: Scale, half: u32) -> vec4<f32> {
    return select(scale.x, scale.y, half == 1u) * values;
}

#ifdef ACTIVATIONS
fn scaled_sums(low: f32, high: f32, scale: Scale, x: Activations32) -> f32 { return scale.x * low + scale.y * high; }
#endif
#ifdef INTEGER
fn scaled(low: i32, high: i32, scale: Scale, x_scale: XScale) -> f32 {
    let sum = x_scale.x * (scale.x * f32(low) + scale.y * f32(high));
#ifdef ZERO_BY_SUM
    return sum - f32(CODE_ZERO) * (scale.x * x_scale.y + scale.y * x_scale.z);
#else
    return sum;
#endif
}
#endif
