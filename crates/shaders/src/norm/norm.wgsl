// y[row] = x[row] / sqrt(mean(x[row]^2) + epsilon) * weight (RMS norm: Zhang and Sennrich 2019) or, with `centred` 1,
// (x[row] - mean) / sqrt(variance + epsilon) * weight + bias (layer norm: Ba et al. 2016); all in planes, whose padding is zero.
// With `of_sum` 1, what is normalised is x + y. With `accumulate` 1, `scale` times that is added to y. With GATHER, y has a row for each output and takes x from the row that
// the output names. With QUANTISE, what would be y is written encoded (see quantise_*.wgsl).
// Grid: (1, rows).
const WORKGROUP_SIZE: u32 = 128u;
struct Params {
    width: u32,  // values that count
    groups: u32, // groups of 32 that they take
    stride: u32, // of x and y, in vec4
    epsilon: f32,
    centred: u32,
    accumulate: u32,
    of_sum: u32,
    scale: f32,
}
#import reduce

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> weight: array<vec4<f32>>;
#ifdef QUANTISE
@group(0) @binding(3) var<storage, read_write> codes_x: array<vec4<u32>>;
#ifdef CODES
@group(0) @binding(4) var<storage, read_write> scales_x: array<vec2<f32>>;
#endif
#import quantise
#else
@group(0) @binding(3) var<storage, read_write> y: array<vec4<f32>>;
#endif
#ifdef GATHER
#import step
@group(0) @binding(5) var<storage, read> outputs: array<Output>;
#endif
@group(0) @binding(6) var<storage, read> bias: array<vec4<f32>>; // with `centred` 1

// Quad i of a row that begins at `source`.
fn given(source: u32, i: u32) -> vec4<f32> {
#ifdef QUANTISE
    return x[source + i];
#else
#ifdef GATHER
    return x[source + i];
#else
    if params.of_sum == 0u { return x[source + i]; }
    return x[source + i] + y[source + i];
#endif
#endif
}

// Quad i of a row, less the mean; zero where it pads.
fn centred(value: vec4<f32>, i: u32, mean: f32) -> vec4<f32> {
    if params.centred == 0u { return value; }
    let first = i % params.groups * 32u + i / params.groups * 4u;
    return select(vec4<f32>(), value - mean, vec4(first) + vec4(0u, 1u, 2u, 3u) < vec4(params.width));
}

// Quad i of a row of which the mean has been taken.
fn normalised(value: vec4<f32>, i: u32, scale: f32) -> vec4<f32> {
    let product = value * scale * weight[i];
    if params.centred == 0u { return product; }
    return product + bias[i];
}

#ifdef QUANTISE
fn store(row: u32, group: u32, values: array<vec4<f32>, QUADS>) {
    quantise_group(row, group, params.groups, values);
}
#else
fn store(row: u32, group: u32, values: array<vec4<f32>, QUADS>) {
    let at = row * params.stride + group;
#for q QUADS
    if params.accumulate != 0u {
        y[at + $qu * params.groups] += params.scale * values[$q];
    } else {
        y[at + $qu * params.groups] = values[$q];
    }
#endfor
}
#endif

// A group of a row, less the mean.
fn group_of(source: u32, group: u32, mean: f32) -> array<vec4<f32>, QUADS> {
    var values: array<vec4<f32>, QUADS>;
#for q QUADS
    values[$q] = centred(given(source, $qu * params.groups + group), $qu * params.groups + group, mean);
#endfor
    return values;
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3<u32>, lane: Lane) {
#ifdef GATHER
    let source = outputs[group.y].token * params.stride;
#else
    let source = group.y * params.stride;
#endif
    let quads = params.groups * 8u;
    var mean = 0.0;
    if params.centred != 0u {
        var sums = vec4<f32>();
        for (var i = lane.index; i < quads; i += WORKGROUP_SIZE) { sums += given(source, i); }
        mean = workgroup_sum((sums.x + sums.y) + (sums.z + sums.w), lane) / f32(params.width);
        workgroupBarrier();
    }
    // An invocation's first group stays in registers.
    var first: array<vec4<f32>, QUADS>;
    var squares = 0.0;
    for (var g = lane.index; g < params.groups; g += WORKGROUP_SIZE) {
        let values = group_of(source, g, mean);
#for q QUADS
        squares += dot(values[$q], values[$q]);
#endfor
        if g == lane.index { first = values; }
    }
    let scale = inverseSqrt(workgroup_sum(squares, lane) / f32(params.width) + params.epsilon);
    for (var g = lane.index; g < params.groups; g += WORKGROUP_SIZE) {
        var values = first;
        if g != lane.index { values = group_of(source, g, mean); }
#for q QUADS
        values[$q] = normalised(values[$q], $qu * params.groups + g, scale);
#endfor
        store(group.y, g, values);
    }
}
