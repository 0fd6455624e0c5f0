// F32: a weight a word.
#import unscaled
const CODE_WORDS: u32 = 32u;

fn low_quad(quarter: u32) -> u32 { return 2u * quarter; }
fn high_quad(quarter: u32) -> u32 { return 2u * quarter + 1u; }

fn quad(row: WeightRow, group: u32, plane: u32) -> vec4<f32> {
    return bitcast<vec4<f32>>(code_quad(row, group, plane));
}

fn weights8(row: WeightRow, group: u32, quarter: u32, scale: Scale) -> Weights8 {
    return Weights8(quad(row, group, 2u * quarter), quad(row, group, 2u * quarter + 1u));
}

#ifdef ACTIVATIONS
fn group_dot(row: WeightRow, group: u32, x: Activations32) -> f32 {
    return ((dot(quad(row, group, 0u), x.q0) + dot(quad(row, group, 1u), x.q1))
        + (dot(quad(row, group, 2u), x.q2) + dot(quad(row, group, 3u), x.q3)))
        + ((dot(quad(row, group, 4u), x.q4) + dot(quad(row, group, 5u), x.q5))
        + (dot(quad(row, group, 6u), x.q6) + dot(quad(row, group, 7u), x.q7)));
}
#endif
#ifdef FLOAT_TILES
fn raw_half(row: WeightRow, group: u32, half: u32) -> RawHalf {
    let plane = 4u * half;
    return RawHalf(
        code_quad(row, group, plane),
        code_quad(row, group, plane + 1u),
        code_quad(row, group, plane + 2u),
        code_quad(row, group, plane + 3u),
        vec2<u32>(),
    );
}

fn weights16(raw: RawHalf, group: u32, half: u32) -> Weights16 {
    return plain16(raw);
}
#endif
