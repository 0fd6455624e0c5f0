// What every kernel for y = weight * x is given. A row is a token; x lies in planes (see planes.wgsl), padded with zeros to
// whole groups of 32.
struct Params {
    rows: u32,       // values of y that this dispatch makes for each token
    groups: u32,     // groups of 32 in a row of the weight
    columns: u32,    // tokens
    x_stride: u32,   // in vec4; rows of codes_x follow each other
    y_stride: u32,   // in f32
    y_offset: u32,   // which value of a row of y is the first that this dispatch makes
    y_groups: u32,   // 0: rows of y lie value by value; else in planes of this many groups
    accumulate: u32, // 1: y += weight * x
    gate_rows: u32,  // n > 0: y = activation(weight * x) * (weight from row n on * x) (`matvec`)
    norm_width: u32, // n > 0: x is RMS-normalised over n values first, with the weights in `norm` (`matvec`)
    epsilon: f32,    // of the norm
    bias: u32,       // n > 0: bias[n - 1 + row] is added to weight * x
    activation: u32, // of the gate or, without gates, of what is made; 0: none, see activation.wgsl
    scale: f32,      // what is made is multiplied by this
    soft_cap: f32,   // n > 0: then v becomes n * tanh(v / n)
    first_expert: u32, // with EXPERTS: the first expert whose rows the weight holds
    expert_count: u32, // with EXPERTS: how many it holds, `rows` rows each
    next_norm: u32,  // with ENCODE, 1: what is encoded is multiplied by the weights of a norm
    per_row: u32,    // with EXPERTS: tokens of y for each row of x
    second: u32,     // of two weights: which row of y is the first that the second one makes
}
#import planes
#import activation

@group(0) @binding(0) var<uniform> params: Params;
#ifdef WIDE
@group(0) @binding(1) var<storage, read> codes: array<vec4<u32>>;
#else
@group(0) @binding(1) var<storage, read> codes: array<u32>;
#endif
#ifdef SCALES
@group(0) @binding(2) var<storage, read> scales: array<u32>;
#endif
@group(0) @binding(4) var<storage, read_write> y: array<f32>;
#ifdef FLOAT
@group(0) @binding(3) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read> norm: array<vec4<f32>>; // `matvec`; in all, so that they can share bind groups
#endif
#ifdef CODES
@group(0) @binding(3) var<storage, read> codes_x: array<vec4<u32>>; // see quantise_codes.wgsl
@group(0) @binding(5) var<storage, read> scales_x: array<vec2<f32>>;
#endif
#ifdef ENCODE
fn biased(row: u32, sum: f32) -> f32 { return sum; }
#else
@group(0) @binding(6) var<storage, read> bias: array<f32>;

fn biased(row: u32, sum: f32) -> f32 {
    if params.bias == 0u { return sum; }
    return sum + bias[params.bias - 1u + first_row + row];
}
#endif
#import weight

#ifdef EXPERTS
// The first row of the weight that counts for the invocation.
var<private> first_row: u32;
@group(0) @binding(7) var<storage, read> experts: array<u32>; // the expert of each token of y

// Its place among those of the weight; past the last if it isn't there.
fn expert_of(token: u32) -> u32 { return experts[token] - params.first_expert; }
fn x_row(token: u32) -> u32 { return token / params.per_row; }
#else
const first_row: u32 = 0u;
fn x_row(token: u32) -> u32 { return token; }
#endif

// Stores what comes of a row's sum.
fn store_y(token: u32, row: u32, sum: f32) {
    store_value(token, row, activated(params.activation, biased(row, sum)));
}

// What is made, in full.
fn finished(plain: f32) -> f32 {
    let value = plain * params.scale;
    if params.soft_cap > 0.0 { return params.soft_cap * bounded_tanh(value / params.soft_cap); }
    return value;
}

fn store_value(token: u32, row: u32, plain: f32) {
    let value = finished(plain);
    let i = params.y_offset + row;
    let at = token * params.y_stride + select(plane_index(i, params.y_groups), i, params.y_groups == 0u);
    if params.accumulate != 0u { y[at] += value; } else { y[at] = value; }
}
