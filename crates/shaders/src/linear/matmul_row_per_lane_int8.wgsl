// y[t, r] = dot(weight[r], x[t]) in integer dot products, of x in codes of 8 bits (see quantise_codes.wgsl): what
// `matmul_row_per_lane` does, for adapters whose invocations are the lanes of a CPU's vectors. Those spend their time on loads,
// a quarter as many words here, and on turning codes into f32, which only the sums of a group are turned into here.
// An invocation takes a row in each of four neighbouring groups of INTERLEAVE rows, for one token or, with TOKENS4, for four.
// With EXPERTS, each token has its rows of the weight, if this part of it has them.
// Grid: (rows / (4 * INTERLEAVE), tokens or tokens / 4). Rows and tokens past the end repeat the last and are not stored.
#import linear

fn activations(token: u32, group: u32) -> SignedCodes {
    let first = token * 2u * params.groups + group;
    let low = codes_x[first];
    return SignedCodes(low, codes_x[first + params.groups], x_scale_of(scales_x[token * params.groups + group], low));
}

fn product(w: SignedCodes, x: SignedCodes) -> f32 {
    return scaled(dot16(w.low, x.low), dot16(w.high, x.high), w.scale, x.scale);
}

#ifdef TOKENS4
alias Sums = vec4<f32>;
const TOKENS: u32 = 4u;
struct Activations {
    x0: SignedCodes,
    x1: SignedCodes,
    x2: SignedCodes,
    x3: SignedCodes,
}

fn load(tokens: vec4<u32>, group: u32) -> Activations {
    return Activations(activations(tokens.x, group), activations(tokens.y, group), activations(tokens.z, group), activations(tokens.w, group));
}

fn products(row: WeightRow, group: u32, x: Activations) -> Sums {
    let w = signed_codes(raw_codes(row, group), group);
    return vec4(product(w, x.x0), product(w, x.x1), product(w, x.x2), product(w, x.x3));
}

fn store(row: u32, token: u32, sums: Sums) {
    if row >= params.rows { return; }
    for (var i = 0u; i < 4u; i++) {
        if token + i < params.columns { store_y(token + i, row, sums[i]); }
    }
}
#else
alias Sums = f32;
const TOKENS: u32 = 1u;
alias Activations = SignedCodes;

fn load(tokens: vec4<u32>, group: u32) -> Activations {
    return activations(tokens.x, group);
}

fn products(row: WeightRow, group: u32, x: Activations) -> Sums {
    return product(signed_codes(raw_codes(row, group), group), x);
}

fn store(row: u32, token: u32, sum: Sums) {
    if row < params.rows { store_y(token, row, sum); }
}
#endif

@compute @workgroup_size(INTERLEAVE)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let token = group.y * TOKENS;
#ifdef EXPERTS
    let tokens = vec4(x_row(token));
#else
    let tokens = min(token + vec4(0u, 1u, 2u, 3u), vec4(params.columns - 1u));
#endif
#import rows_of_lane
    for (var g = 0u; g < params.groups; g++) {
        let x = load(tokens, g);
        sums0 += products(weight0, g, x);
        sums1 += products(weight1, g, x);
        sums2 += products(weight2, g, x);
        sums3 += products(weight3, g, x);
    }
    store(row, token, sums0);
    store(row + INTERLEAVE, token, sums1);
    store(row + 2u * INTERLEAVE, token, sums2);
    store(row + 3u * INTERLEAVE, token, sums3);
}
