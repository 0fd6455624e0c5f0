// A scale and a minimum for each half of a group: the nibbles of a byte, times the f16 factors of the super-block.
#import super_blocks

// The scales of the halves, then their minima. Of activations, the scale and the sums of the halves.
alias Scale = vec4<f32>;

fn scale_of(bits: vec2<u32>, group: u32) -> Scale {
    let bytes = vec4(bytes_of(bits, group)) >> vec4(0u, 8u, 4u, 12u);
    let factors = unpack2x16float(bits.x);
    return vec4(factors.xx, -factors.yy) * vec4<f32>(bytes & vec4(0x0fu));
}

fn weights4(values: vec4<f32>, scale: Scale, half: u32) -> vec4<f32> {
    return select(scale.x, scale.y, half == 1u) * values + select(scale.z, scale.w, half == 1u);
}

#ifdef ACTIVATIONS
fn scaled_sums(low: f32, high: f32, scale: Scale, x: Activations32) -> f32 {
    return (scale.x * low + scale.y * high) + (scale.z * x.low_sum + scale.w * x.high_sum);
}
#endif
#ifdef INTEGER
#import sums_of_halves

fn scaled(low: i32, high: i32, scale: Scale, x_scale: XScale) -> f32 {
    return x_scale.x * (scale.x * f32(low) + scale.y * f32(high))
        + (scale.z * x_scale.y + scale.w * x_scale.z);
}
#endif
