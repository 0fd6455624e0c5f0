// scale * code, codes of 8 bits, signed.
#import code_scales
#import bytes
const CODE_WORDS: u32 = 8u;

fn scale_words(groups: u32) -> u32 { return pure_scale_words(groups); }

fn low_quad(quarter: u32) -> u32 { return 2u * quarter; }
fn high_quad(quarter: u32) -> u32 { return 2u * quarter + 1u; }

fn weights8(row: WeightRow, group: u32, quarter: u32, scale: Scale) -> Weights8 {
    return Weights8(
        scale.x * vec4<f32>(unpack4xI8(code_word(row, group, 2u * quarter))),
        scale.x * vec4<f32>(unpack4xI8(code_word(row, group, 2u * quarter + 1u))),
    );
}

#ifdef ACTIVATIONS
fn group_dot(row: WeightRow, group: u32, x: Activations32) -> f32 {
    // With the sign bits turned, codes are unsigned and 128 larger.
    let a = code_quad(row, group, 0u) ^ vec4(0x80808080u);
    let b = code_quad(row, group, 1u) ^ vec4(0x80808080u);
    let sum = ((byte_dot(a.x, x.q0) + byte_dot(a.y, x.q1)) + (byte_dot(a.z, x.q2) + byte_dot(a.w, x.q3)))
        + ((byte_dot(b.x, x.q4) + byte_dot(b.y, x.q5)) + (byte_dot(b.z, x.q6) + byte_dot(b.w, x.q7)));
    return group_scale(row, group).x * (sum - (BYTE_BIAS + 128.0) * (x.low_sum + x.high_sum));
}
#endif
#ifdef INTEGER
fn raw_codes(row: WeightRow, group: u32) -> RawCodes {
    return RawCodes(code_quad(row, group, 0u), code_quad(row, group, 1u), scale_bits(row, group));
}

fn signed_codes(raw: RawCodes, group: u32) -> SignedCodes {
    return SignedCodes(raw.first, raw.second, scale_of(raw.scale, group));
}
#endif
#ifdef FLOAT_TILES
fn raw_half(row: WeightRow, group: u32, half: u32) -> RawHalf {
    return RawHalf(code_quad(row, group, half), vec4<u32>(), vec4<u32>(), vec4<u32>(), scale_bits(row, group));
}

fn weights16(raw: RawHalf, group: u32, half: u32) -> Weights16 {
    let scale = scale_of(raw.scale, group).x;
    return Weights16(
        scale * vec4<f32>(unpack4xI8(raw.a.x)),
        scale * vec4<f32>(unpack4xI8(raw.a.y)),
        scale * vec4<f32>(unpack4xI8(raw.a.z)),
        scale * vec4<f32>(unpack4xI8(raw.a.w)),
    );
}
#endif
