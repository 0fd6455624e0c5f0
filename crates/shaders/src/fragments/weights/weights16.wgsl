// Sixteen weights or activations, one half of a group of 32, in quads. Each format tells how a half of its codes becomes one
// (`weights16`).
struct Weights16 {
    q0: vec4<f32>,
    q1: vec4<f32>,
    q2: vec4<f32>,
    q3: vec4<f32>,
}

// What `weights16` makes it of. Apart from it, so that nothing waits for a load that is needed later.
struct RawHalf {
    a: vec4<u32>,
    b: vec4<u32>,
    c: vec4<u32>,
    d: vec4<u32>,
    scale: vec2<u32>,
}

fn plain16(raw: RawHalf) -> Weights16 {
    return Weights16(bitcast<vec4<f32>>(raw.a), bitcast<vec4<f32>>(raw.b), bitcast<vec4<f32>>(raw.c), bitcast<vec4<f32>>(raw.d));
}
