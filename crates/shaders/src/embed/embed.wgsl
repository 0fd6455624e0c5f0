// x[row] = the embedding of the row's token or position, in planes (see planes.wgsl).
// A part of a table that was split holds the tokens from `first`; rows of other tokens are left to the other parts.
// Grid: (quarters of groups / 64, tokens).
struct Params {
    first: u32,  // the token of this part's row 0
    tokens: u32, // tokens in this part
    groups: u32, // groups of 32 in a row
    stride: u32, // of x, in vec4
    by: u32,     // which row of the table: 0 the token's, 1 the position's, 2 the first
    accumulate: u32, // 1: added to x
    scale: f32,  // what is found is multiplied by this
}
#import step

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> tokens: array<Token>;
@group(0) @binding(2) var<storage, read> sampled: array<u32>;
#ifdef WIDE
@group(0) @binding(3) var<storage, read> codes: array<vec4<u32>>;
#else
@group(0) @binding(3) var<storage, read> codes: array<u32>;
#endif
#ifdef SCALES
@group(0) @binding(4) var<storage, read> scales: array<u32>;
#endif
@group(0) @binding(5) var<storage, read_write> x: array<vec4<f32>>;
#import weight

fn store(at: u32, value: vec4<f32>) {
    if params.accumulate != 0u { x[at] += params.scale * value; } else { x[at] = params.scale * value; }
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    prepare_weights(id.x % 64u, params.groups);
    let row = tokens[id.y];
    var token = row.token;
    if row.source != 0u { token = sampled[row.source - 1u]; }
    if params.by == 1u { token = row.position; }
    if params.by == 2u { token = 0u; }
    if token < params.first || token - params.first >= params.tokens || id.x >= params.groups * 4u { return; }
    let group = id.x / 4u;
    let quarter = id.x % 4u;
    let weight = weight_row(token - params.first, params.groups);
    let w = weights8(weight, group, quarter, group_scale(weight, group));
    let base = id.y * params.stride + group;
    store(base + low_quad(quarter) * params.groups, w.low);
    store(base + high_quad(quarter) * params.groups, w.high);
}
