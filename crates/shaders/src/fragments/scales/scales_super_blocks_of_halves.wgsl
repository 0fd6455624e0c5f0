// A scale for each half of a group: a signed byte, times the f32 factor of the super-block.
#import super_blocks
#import one_scale

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
fn scaled(low: i32, high: i32, scale: Scale, x_scale: Scale) -> f32 {
    return x_scale.x * (scale.x * small_float(low) + scale.y * small_float(high));
}
#endif
