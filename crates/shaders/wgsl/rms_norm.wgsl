// y[row] = x[row] / sqrt(mean(x[row]^2) + epsilon) * weight (Zhang and Sennrich 2019), all three in planes, whose padding is zero.
// With GATHER, y has a row for each output and takes x from the row that the output names. With QUANTISE, what would be y is
// written encoded (see shared/quantise_*.wgsl).
// Grid: (1, rows).
const WORKGROUP_SIZE: u32 = 64u;
struct Params {
    width: u32,  // values that count
    groups: u32, // groups of 32 that they take
    stride: u32, // of x and y, in vec4
    epsilon: f32,
}
#import reduce

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> weight: array<vec4<f32>>;
#ifdef QUANTISE
@group(0) @binding(3) var<storage, read_write> codes_x: array<vec4<u32>>;
#ifdef INT8
@group(0) @binding(4) var<storage, read_write> scales_x: array<vec2<f32>>;
#endif
#import quantise
#else
@group(0) @binding(3) var<storage, read_write> y: array<vec4<f32>>;
#endif
#ifdef GATHER
#import rows
@group(0) @binding(5) var<storage, read> outputs: array<Output>;
#endif

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3<u32>, lane: Lane) {
#ifdef GATHER
    let source = outputs[group.y].row * params.stride;
#else
    let source = group.y * params.stride;
#endif
    let quads = params.groups * 8u;
    var squares = 0.0;
    for (var i = lane.index; i < quads; i += WORKGROUP_SIZE) {
        let value = x[source + i];
        squares += dot(value, value);
    }
    let scale = inverseSqrt(workgroup_sum(squares, lane) / f32(params.width) + params.epsilon);
#ifdef QUANTISE
    for (var g = lane.index; g < params.groups; g += WORKGROUP_SIZE) {
        var values: array<vec4<f32>, 8>;
        for (var quad = 0u; quad < 8u; quad++) {
            let i = quad * params.groups + g;
            values[quad] = x[source + i] * scale * weight[i];
        }
        quantise_group(group.y, g, params.groups, &values);
    }
#else
    for (var i = lane.index; i < quads; i += WORKGROUP_SIZE) {
        y[group.y * params.stride + i] = x[source + i] * scale * weight[i];
    }
#endif
}
