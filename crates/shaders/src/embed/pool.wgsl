// A sequence's embedding: of its rows, which follow each other from the one that an output names, the mean, the first or the
// last: divided by its length, value by value, or as it is, in planes. x lies in planes.
// Grid: (1, outputs).
const WORKGROUP_SIZE: u32 = 64u;
struct Params {
    width: u32,
    groups: u32, // groups of 32 in a row of x
    stride: u32, // of x, in vec4
    kind: u32,   // 0 the mean, 1 the first, 2 the last
    plain: u32,  // 1: y is in planes, and not divided
}
#import step
#import reduce

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> tokens: array<Token>;
@group(0) @binding(2) var<storage, read> outputs: array<Output>;
@group(0) @binding(3) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>; // [output][width] or, in planes, [output][stride] in vec4

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3<u32>, lane: Lane) {
    var first = outputs[group.y].token;
    let table = tokens[first].table;
    var count = 1u;
    while tokens[first + count].table == table { count++; }
    let rows_of_sequence = f32(count);
    if params.kind == 2u { first += count - 1u; }
    if params.kind != 0u { count = 1u; }
    var squares = 0.0;
    for (var i = lane.index; i < params.groups * 8u; i += WORKGROUP_SIZE) {
        var sum = vec4<f32>();
        for (var row = first; row < first + count; row++) { sum += x[row * params.stride + i]; }
        if params.kind == 0u { sum /= rows_of_sequence; }
        if params.plain != 0u {
            for (var j = 0u; j < 4u; j++) { y[(group.y * params.stride + i) * 4u + j] = sum[j]; }
            continue;
        }
        squares += dot(sum, sum);
        let at = i % params.groups * 32u + i / params.groups * 4u;
        for (var j = 0u; j < 4u; j++) {
            if at + j < params.width { y[group.y * params.width + at + j] = sum[j]; }
        }
    }
    if params.plain != 0u { return; }
    let scale = inverseSqrt(max(workgroup_sum(squares, lane), 1e-24));
    for (var i = lane.index; i < params.groups * 8u; i += WORKGROUP_SIZE) {
        let at = i % params.groups * 32u + i / params.groups * 4u;
        for (var j = 0u; j < 4u; j++) {
            if at + j < params.width { y[group.y * params.width + at + j] *= scale; }
        }
    }
}
