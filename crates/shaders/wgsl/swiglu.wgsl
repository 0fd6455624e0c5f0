// gate = silu(gate) * up (Shazeer 2020), in place.
// Grid: (width / 64, rows).
struct Params {
    width: u32,
    stride: u32, // of gate and up, in f32
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> up: array<f32>;
@group(0) @binding(2) var<storage, read_write> gate: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= params.width { return; }
    let i = id.y * params.stride + id.x;
    let value = gate[i];
    // exp of a large number is an infinity, which WGSL leaves undefined; past 80 the quotient is 0 all the same.
    gate[i] = value / (1.0 + exp(min(-value, 80.0))) * up[i];
}
