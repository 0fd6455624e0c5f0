// Arithmetic that WGSL leaves some freedom in, to the last bit as IEEE 754 has it.

// a / b, rounded to the nearest. Both are positive and normal, and so is the quotient. WGSL's own may be off by 2.5 ulp.
fn divided(a: f32, b: f32) -> f32 {
    let a_bits = bitcast<u32>(a);
    let b_bits = bitcast<u32>(b);
    let divisor = (b_bits & 0x7fffffu) | 0x800000u;
    var rest = (a_bits & 0x7fffffu) | 0x800000u;
    var exponent = (a_bits >> 23u) + 127u - (b_bits >> 23u);
    if rest < divisor {
        rest <<= 1u;
        exponent--;
    }
    // A bit before the point, 23 after it, and one to round by.
    var quotient = 0u;
    for (var i = 0u; i < 25u; i++) {
        let fits = rest >= divisor;
        quotient = (quotient << 1u) | u32(fits);
        rest = select(rest, rest - divisor, fits) << 1u;
    }
    let up = quotient & u32(rest != 0u || (quotient & 2u) != 0u) & 1u;
    return bitcast<f32>((exponent << 23u) + (quotient >> 1u) + up - 0x800000u);
}

// To the nearest integer, from the middle away from zero: C's roundf. Magnitudes are below 2^14.
fn rounded(value: f32) -> f32 {
    return f32((i32(abs(value) * 65536.0) + 32768) >> 16u) * sign(value);
}

// A number shifted to the right and rounded to the nearest, from the middle to the even one.
fn shifted(number: u32, bits: u32) -> u32 {
    return (number + (1u << (bits - 1u)) - 1u + ((number >> bits) & 1u)) >> bits;
}

// The bits of the nearest f16; what is too large becomes the largest.
fn half_bits(value: f32) -> u32 {
    let bits = bitcast<u32>(value);
    let magnitude = min(bits & 0x7fffffffu, 0x477fe000u);
    let sign_bit = (bits >> 16u) & 0x8000u;
    if magnitude >= 0x38800000u { return sign_bit | shifted(magnitude - 0x38000000u, 13u); }
    // Subnormal: a multiple of 2^-24.
    let shift = 126u - (magnitude >> 23u);
    if shift > 25u { return sign_bit; }
    return sign_bit | shifted((magnitude & 0x7fffffu) | 0x800000u, shift);
}

// The bits of the f32 that those of an f16 stand for; subnormal ones too, which a device's own conversion may flush to zero.
fn float_bits(half: vec4<u32>) -> vec4<u32> {
    let exponent = (half >> vec4(10u)) & vec4(31u);
    let fraction = half & vec4(0x3ffu);
    let normal = (select(exponent + 112u, vec4(255u), exponent == vec4(31u)) << vec4(23u)) | (fraction << vec4(13u));
    let small = bitcast<vec4<u32>>(vec4<f32>(fraction) * 5.9604645e-8);
    return ((half & vec4(0x8000u)) << vec4(16u)) | select(normal, small, exponent == vec4<u32>());
}
