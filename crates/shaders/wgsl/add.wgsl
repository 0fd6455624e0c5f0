// x += y: what a sublayer adds to the residual stream.
// Grid: (width / 64, rows).
struct Params {
    width: u32,
    stride: u32, // of x and y, in f32
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> y: array<f32>;
@group(0) @binding(2) var<storage, read_write> x: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= params.width { return; }
    let i = id.y * params.stride + id.x;
    x[i] += y[i];
}
