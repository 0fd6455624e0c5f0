// y += scale * the outputs of a row's experts, each by its weight; all in planes.
// Grid: (quads / 64, rows).
struct Params {
    quads: u32,  // of a row
    used: u32,   // experts of a row
    stride: u32, // of x and y, in vec4
    scale: f32,
    accumulate: u32, // 0: y = scale * that
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> weights: array<f32>;  // [row][used]
@group(0) @binding(2) var<storage, read> x: array<vec4<f32>>; // [row][used][quads]
@group(0) @binding(3) var<storage, read_write> y: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= params.quads { return; }
    var sum = vec4<f32>();
    for (var i = id.y * params.used; i < (id.y + 1u) * params.used; i++) {
        sum += weights[i] * x[i * params.stride + id.x];
    }
    let at = id.y * params.stride + id.x;
    if params.accumulate != 0u { y[at] += params.scale * sum; } else { y[at] = params.scale * sum; }
}
