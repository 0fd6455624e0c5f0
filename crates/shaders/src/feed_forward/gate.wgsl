// y = activation(gate) * up (Shazeer 2020). A row of x holds the gate's values and then up's, or, with `gated` 0, just the values
// that are to be activated; y lies in planes. With QUANTISE, what
// would be y is written encoded (see quantise_*.wgsl); an invocation takes a group, or eight values for f16.
// Grid: (width / 64, rows); with QUANTISE, (groups / 64, rows) or, for f16, (groups / 16, rows).
struct Params {
    width: u32,    // values of the gate
    x_stride: u32, // in f32
    y_stride: u32, // in f32
    y_groups: u32, // groups of 32 in a row of y
    activation: u32, // see activation.wgsl
    gated: u32,    // 0: there is no up
}
#import activation

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;

// A value of a row that begins at `first`.
fn value_of(first: u32, i: u32) -> f32 {
    let gate = x[first + i];
    if params.gated == 0u { return activated(params.activation, gate); }
    return gated(params.activation, gate, x[first + i + params.width]);
}

#ifdef QUANTISE
#import quantise
@group(0) @binding(2) var<storage, read_write> codes_x: array<vec4<u32>>;
#ifdef CODES
@group(0) @binding(3) var<storage, read_write> scales_x: array<vec2<f32>>;
#endif

#ifdef F16
// Two values of a row that begins at `first`; zeros past the end.
fn pair_at(first: u32, i: u32) -> u32 {
    var pair = vec2<f32>();
    if i < params.width { pair.x = value_of(first, i); }
    if i + 1u < params.width { pair.y = value_of(first, i + 1u); }
    return pack_pair(pair);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= params.y_groups * 4u { return; }
    let row = id.y * params.x_stride;
    let i = id.x * 8u;
    codes_x[id.y * params.y_groups * 4u + id.x] =
        vec4(pair_at(row, i), pair_at(row, i + 2u), pair_at(row, i + 4u), pair_at(row, i + 6u));
}
#else
// Neighbouring invocations read neighbouring values of x, and put them where each finds its group; 33 of them apart, so that
// they do that in different banks.
var<workgroup> values_of_groups: array<f32, 2112>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let first_group = workgroup.x * 64u;
    for (var i = lane; i < 2048u; i += 64u) {
        let at = first_group * 32u + i;
        var value = 0.0;
        if at < params.width { value = value_of(workgroup.y * params.x_stride, at); }
        values_of_groups[i / 32u * 33u + i % 32u] = value;
    }
    workgroupBarrier();
    let group = first_group + lane;
    if group >= params.y_groups { return; }
    var values: array<vec4<f32>, QUADS>;
    for (var quad = 0u; quad < QUADS; quad++) {
        let at = lane * 33u + quad * 4u;
        values[quad] = vec4(values_of_groups[at], values_of_groups[at + 1u], values_of_groups[at + 2u], values_of_groups[at + 3u]);
    }
    quantise_group(workgroup.y, group, params.y_groups, values);
}
#endif
#else
#import planes
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= params.width { return; }
    y[id.y * params.y_stride + plane_index(id.x, params.y_groups)] = value_of(id.y * params.x_stride, id.x);
}
#endif
