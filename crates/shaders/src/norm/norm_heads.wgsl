// The queries and keys of a row, in place, under RMS norm with weights (Henry et al. 2020): each head for itself or, with units
// as wide as all heads together, all of them at once. A row holds the queries, then the keys, then what stays as it is.
// Grid: (units, rows).
const WORKGROUP_SIZE: u32 = 64u;
struct Params {
    queries: u32,     // units of the queries
    query_width: u32, // values of each
    keys: u32,        // units of the keys
    key_width: u32,
    stride: u32,      // of a row, in f32
    epsilon: f32,
}
#import reduce

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> qkv: array<f32>;
@group(0) @binding(2) var<storage, read> query_norm: array<f32>;
@group(0) @binding(3) var<storage, read> key_norm: array<f32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3<u32>, lane: Lane) {
    let is_query = group.x < params.queries;
    let width = select(params.key_width, params.query_width, is_query);
    let of_row = select(
        params.queries * params.query_width + (group.x - params.queries) * params.key_width,
        group.x * params.query_width,
        is_query,
    );
    let first = group.y * params.stride + of_row;
    var squares = 0.0;
    for (var i = lane.index; i < width; i += WORKGROUP_SIZE) { squares += qkv[first + i] * qkv[first + i]; }
    let scale = inverseSqrt(workgroup_sum(squares, lane) / f32(width) + params.epsilon);
    for (var i = lane.index; i < width; i += WORKGROUP_SIZE) {
        var weight = 0.0;
        if is_query { weight = query_norm[i]; } else { weight = key_norm[i]; }
        qkv[first + i] *= scale * weight;
    }
}
