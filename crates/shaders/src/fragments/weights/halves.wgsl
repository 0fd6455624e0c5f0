// Formats of two weights a word. Each tells how a word is unpacked.
#import unscaled
const CODE_WORDS: u32 = 16u;

fn low_quad(quarter: u32) -> u32 { return 2u * quarter; }
fn high_quad(quarter: u32) -> u32 { return 2u * quarter + 1u; }

fn weights8(row: WeightRow, group: u32, quarter: u32, scale: Scale) -> Weights8 {
    let c = code_quad(row, group, quarter);
    return Weights8(vec4(unpack_pair(c.x), unpack_pair(c.y)), vec4(unpack_pair(c.z), unpack_pair(c.w)));
}

#ifdef ACTIVATIONS
fn quad_dot(c: vec4<u32>, low: vec4<f32>, high: vec4<f32>) -> f32 {
    return dot(vec4(unpack_pair(c.x), unpack_pair(c.y)), low) + dot(vec4(unpack_pair(c.z), unpack_pair(c.w)), high);
}

fn group_dot(row: WeightRow, group: u32, x: Activations32) -> f32 {
    return (quad_dot(code_quad(row, group, 0u), x.q0, x.q1) + quad_dot(code_quad(row, group, 1u), x.q2, x.q3))
        + (quad_dot(code_quad(row, group, 2u), x.q4, x.q5) + quad_dot(code_quad(row, group, 3u), x.q6, x.q7));
}
#endif
#ifdef FLOAT_TILES
fn raw_half(row: WeightRow, group: u32, half: u32) -> RawHalf {
    return RawHalf(code_quad(row, group, 2u * half), code_quad(row, group, 2u * half + 1u), vec4<u32>(), vec4<u32>(), vec2<u32>());
}

fn weights16(raw: RawHalf, group: u32, half: u32) -> Weights16 {
    return Weights16(
        vec4(unpack_pair(raw.a.x), unpack_pair(raw.a.y)),
        vec4(unpack_pair(raw.a.z), unpack_pair(raw.a.w)),
        vec4(unpack_pair(raw.b.x), unpack_pair(raw.b.y)),
        vec4(unpack_pair(raw.b.z), unpack_pair(raw.b.w)),
    );
}
#endif
