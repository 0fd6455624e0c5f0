// y[t, r] = dot(weight[r], x[t]): tiles of 64 rows by 64 tokens, for prefill on a GPU.
// A step along k stages 32 weights of each row and 32 activations of each token in workgroup memory (16 KiB, all that the
// baseline allows); an invocation accumulates 4 rows by 4 tokens.
// Grid: (rows / 64, tokens / 64). Rows and tokens past the end are computed from whatever is there and not stored.
const TILE: u32 = 64u;
#import linear

// [quad along k][row or token]
var<workgroup> weight_tile: array<vec4<f32>, 512>;
var<workgroup> x_tile: array<vec4<f32>, 512>;

@compute @workgroup_size(16, 16)
fn main(
    @builtin(workgroup_id) tile: vec3<u32>,
    @builtin(local_invocation_id) lane: vec3<u32>,
    @builtin(local_invocation_index) index: u32,
) {
    let first_row = tile.x * TILE;
    let first_token = tile.y * TILE;
    var sums: array<array<f32, 4>, 4>;
    // 256 invocations stage 64 rows of 4 quarters, and 64 tokens of 4 pairs of quads.
    let staged = index / 4u;
    let quarter = index % 4u;
    let weight = weight_row(min(first_row + staged, params.rows - 1u), params.groups);
    let token = min(first_token + staged, params.columns - 1u);
    for (var group = 0u; group < params.groups; group++) {
        let w = weights8(weight, group, quarter, group_scale(weight, group));
        weight_tile[low_quad(quarter) * TILE + staged] = w.low;
        weight_tile[high_quad(quarter) * TILE + staged] = w.high;
        let base = token * params.x_stride + quarter * 2u * params.groups + group;
        x_tile[(quarter * 2u) * TILE + staged] = x[base];
        x_tile[(quarter * 2u + 1u) * TILE + staged] = x[base + params.groups];
        workgroupBarrier();
        for (var quad = 0u; quad < 8u; quad++) {
            let row_base = quad * TILE + lane.x;
            let token_base = quad * TILE + lane.y;
            var weights: array<vec4<f32>, 4>;
            for (var i = 0u; i < 4u; i++) { weights[i] = weight_tile[row_base + 16u * i]; }
            for (var j = 0u; j < 4u; j++) {
                let value = x_tile[token_base + 16u * j];
                for (var i = 0u; i < 4u; i++) { sums[j][i] += dot(weights[i], value); }
            }
        }
        workgroupBarrier();
    }
    for (var j = 0u; j < 4u; j++) {
        let column = first_token + lane.y + 16u * j;
        if column >= params.columns { continue; }
        for (var i = 0u; i < 4u; i++) {
            let row = first_row + lane.x + 16u * i;
            if row < params.rows { store_y(column, row, sums[j][i]); }
        }
    }
}
