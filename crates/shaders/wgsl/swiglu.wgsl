// y = silu(gate) * up (Shazeer 2020). A row of x holds the gate's values and then up's; y lies in planes.
// Grid: (width / 64, rows).
struct Params {
    width: u32,    // values of the gate
    x_stride: u32, // in f32
    y_stride: u32, // in f32
    y_groups: u32, // groups of 32 in a row of y
}
#import planes

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= params.width { return; }
    let i = id.y * params.x_stride + id.x;
    let gate = x[i];
    // exp of a large number is an infinity, which WGSL leaves undefined; past 80 the quotient is 0 all the same.
    y[id.y * params.y_stride + plane_index(id.x, params.y_groups)] = gate / (1.0 + exp(min(-gate, 80.0))) * x[i + params.width];
}
