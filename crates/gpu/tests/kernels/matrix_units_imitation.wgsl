// What stands in for shared/matrix_units.wgsl on devices without matrix units: products of 16 by 16 in plain arithmetic. An
// invocation of 32 has eight of a product's values, which follow each other in the order of `results`.
const STAGED: u32 = STEP * 8u + 2u;

alias Quad = vec2<u32>; // four f16
alias Sums = array<f32, 8>;

@group(0) @binding(3) var<storage, read> codes_x: array<vec2<u32>>;
var<workgroup> weights: array<Quad, TILE_ROWS * STAGED>;
var<workgroup> activations: array<Quad, TILE_TOKENS * STAGED>;
var<workgroup> results: array<f32, WORKGROUP_SIZE * 8u>;
var<private> lane: u32;

fn rounded(values: vec4<f32>) -> Quad { return Quad(pack2x16float(values.xy), pack2x16float(values.zw)); }
fn quad_of_x(at: u32) -> Quad { return codes_x[at]; }
fn weights_from(first: u32) -> u32 { return first; }
fn activations_from(first: u32) -> u32 { return first; }

fn values_of(quad: Quad) -> vec4<f32> { return vec4(unpack2x16float(quad.x), unpack2x16float(quad.y)); }

fn multiplied(a: u32, b: u32, before: Sums) -> Sums {
    var sums = before;
    for (var i = 0u; i < 8u; i++) {
        let at = lane * 8u + i;
        for (var quad = 0u; quad < 4u; quad++) {
            let row = values_of(weights[a + at % 16u * STAGED + quad]);
            sums[i] += dot(row, values_of(activations[b + at / 16u * STAGED + quad]));
        }
    }
    return sums;
}

fn put_results(sums: Sums, subgroup: u32) {
    for (var i = 0u; i < 8u; i++) { results[subgroup * 256u + lane * 8u + i] = sums[i]; }
}
