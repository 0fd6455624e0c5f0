// y[t, r] = dot(weight[r], x[t]) without workgroup memory: an invocation takes a row in each of four neighbouring groups of
// INTERLEAVE rows, for one token or, with TOKENS4, for four. For adapters whose invocations are the lanes of a CPU's
// vectors: a load of a word fills whole vectors, and an activation that was loaded (lane by lane, whatever they share) serves
// four rows. Sums are named, not indexed: indexed variables live in memory there.
// With EXPERTS, each token has its rows of the weight, if this part of it has them.
// Grid: (rows / (4 * INTERLEAVE), tokens or tokens / 4). Rows and tokens past the end repeat the last and are not stored.
#import linear

#ifdef TOKENS4
alias Sums = vec4<f32>;
alias Activations = mat4x4<f32>;

fn load(bases: vec4<u32>, quad: u32) -> Activations {
    return mat4x4(x[bases.x + quad], x[bases.y + quad], x[bases.z + quad], x[bases.w + quad]);
}

fn dots(w: Weights8, low: Activations, high: Activations) -> Sums {
    return w.low * low + w.high * high;
}

fn store(row: u32, token: u32, sums: Sums) {
    if row >= params.rows { return; }
    for (var i = 0u; i < 4u; i++) {
        if token + i < params.columns { store_y(token + i, row, sums[i]); }
    }
}
const TOKENS: u32 = 4u;
#else
alias Sums = f32;
alias Activations = vec4<f32>;

fn load(bases: vec4<u32>, quad: u32) -> Activations {
    return x[bases.x + quad];
}

fn dots(w: Weights8, low: Activations, high: Activations) -> Sums {
    return dot(w.low, low) + dot(w.high, high);
}

fn store(row: u32, token: u32, sum: Sums) {
    if row < params.rows { store_y(token, row, sum); }
}
const TOKENS: u32 = 1u;
#endif

@compute @workgroup_size(INTERLEAVE)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let token = group.y * TOKENS;
#ifdef EXPERTS
    let bases = vec4(x_row(token)) * params.x_stride;
#else
    let bases = min(token + vec4(0u, 1u, 2u, 3u), vec4(params.columns - 1u)) * params.x_stride;
#endif
#import rows_of_lane
    for (var g = 0u; g < params.groups; g++) {
        let scale0 = group_scale(weight0, g);
        let scale1 = group_scale(weight1, g);
        let scale2 = group_scale(weight2, g);
        let scale3 = group_scale(weight3, g);
        for (var quarter = 0u; quarter < 4u; quarter++) {
            let low = load(bases, low_quad(quarter) * params.groups + g);
            let high = load(bases, high_quad(quarter) * params.groups + g);
            sums0 += dots(weights8(weight0, g, quarter, scale0), low, high);
            sums1 += dots(weights8(weight1, g, quarter, scale1), low, high);
            sums2 += dots(weights8(weight2, g, quarter, scale2), low, high);
            sums3 += dots(weights8(weight3, g, quarter, scale3), low, high);
        }
    }
    store(row, token, sums0);
    store(row + INTERLEAVE, token, sums1);
    store(row + 2u * INTERLEAVE, token, sums2);
    store(row + 3u * INTERLEAVE, token, sums3);
}
