// Products of 16 by 16 values by a subgroup of 32 together: `matmul_cooperative` touches the device's matrix units here alone, so
// that tests can put an imitation in place of this file.

// Rows of a tile are staged as rows of quads; two more keep neighbours out of each other's banks.
const STAGED: u32 = STEP * 8u + 2u;

alias Quad = vec4<f16>;
alias Sums = coop_mat16x16<f32, C>;

@group(0) @binding(3) var<storage, read> codes_x: array<vec4<f16>>; // see quantise_f16.wgsl

// [row][quad along k], and the same of tokens.
var<workgroup> weights: array<Quad, TILE_ROWS * STAGED>;
var<workgroup> activations: array<Quad, TILE_TOKENS * STAGED>;
// [subgroup][token][row]: a product on its way to y.
var<workgroup> results: array<f32, WORKGROUP_SIZE * 8u>;

fn rounded(values: vec4<f32>) -> Quad { return Quad(values); }

fn quad_of_x(at: u32) -> Quad { return codes_x[at]; }

// 16 rows, or tokens, by 16 values along k, from this quad of the tile on.
fn weights_from(first: u32) -> coop_mat16x16<f16, A> {
    return coopLoadT<coop_mat16x16<f16, A>>(&weights[first], STAGED);
}

fn activations_from(first: u32) -> coop_mat16x16<f16, B> {
    return coopLoad<coop_mat16x16<f16, B>>(&activations[first], STAGED);
}

fn multiplied(a: coop_mat16x16<f16, A>, b: coop_mat16x16<f16, B>, sums: Sums) -> Sums {
    return coopMultiplyAdd(a, b, sums);
}

fn put_results(sums: Sums, subgroup: u32) {
    let first = subgroup * 256u;
    coopStore(sums, &results[first]);
}
