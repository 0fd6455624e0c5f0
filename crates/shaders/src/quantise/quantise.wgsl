// codes_x, scales_x = x, encoded (see quantise_*.wgsl); x lies in planes, padded with zeros to whole groups.
// An invocation takes a group.
// Grid: (groups / 64, rows).
struct Params {
    groups: u32,   // of 32, in a row
    x_stride: u32, // in vec4
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> codes_x: array<vec4<u32>>;
#ifdef CODES
@group(0) @binding(3) var<storage, read_write> scales_x: array<vec2<f32>>;
#endif
#import quantise

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= params.groups { return; }
    var values: array<vec4<f32>, QUADS>;
#for q QUADS
    values[$q] = x[id.y * params.x_stride + $qu * params.groups + id.x];
#endfor
    quantise_group(id.y, id.x, params.groups, values);
}
