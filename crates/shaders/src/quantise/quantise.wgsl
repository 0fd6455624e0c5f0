// codes_x, scales_x = x, encoded (see quantise_*.wgsl); x lies in planes, padded with zeros to whole groups.
// With NORM, what is encoded is x times the weights of an RMS norm, and scales_x has the sum of each group's squares after the scales
// of all rows that there is room for: the matrix that comes next scales its results by what the norm would scale x by. With GATHER,
// rows are those that the outputs name.
// An invocation takes a group.
// Grid: (groups / 64, rows).
struct Params {
    groups: u32,   // of 32, in a row
    x_stride: u32, // in vec4
    rows: u32,     // for which there is room
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> codes_x: array<vec4<u32>>;
#ifdef CODES
@group(0) @binding(3) var<storage, read_write> scales_x: array<vec2<f32>>;
#endif
#ifdef NORM
@group(0) @binding(4) var<storage, read> weight: array<vec4<f32>>;
#endif
#ifdef GATHER
#import step
@group(0) @binding(5) var<storage, read> outputs: array<Output>;
fn source_of(row: u32) -> u32 { return outputs[row].token; }
#else
fn source_of(row: u32) -> u32 { return row; }
#endif
#import quantise

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= params.groups { return; }
    let first = source_of(id.y) * params.x_stride + id.x;
    var values: array<vec4<f32>, QUADS>;
#for q QUADS
    values[$q] = x[first + $qu * params.groups];
#endfor
#ifdef NORM
    var squares = 0.0;
#for q QUADS
    squares += dot(values[$q], values[$q]);
    values[$q] *= weight[$qu * params.groups + id.x];
#endfor
    scales_x[(params.rows + id.y) * params.groups + id.x] = vec2(squares, 0.0);
#endif
    quantise_group(id.y, id.x, params.groups, values);
}
