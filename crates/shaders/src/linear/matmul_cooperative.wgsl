// y[t, r] = dot(weight[r], x[t]) with the device's matrix units, for prefill: tiles of TILE_ROWS rows by TILE_TOKENS tokens, the
// weight and x rounded to f16, the sums in f32.
// A step along k stages STEP groups of 32 in workgroup memory: each invocation a group of a row's weights and as many values of
// x, loaded while the step before is computed. A subgroup of 32 sums ROW_FRAGMENTS by TOKEN_FRAGMENTS products of 16 by 16.
// Grid: (rows / TILE_ROWS, tokens / TILE_TOKENS). Rows and tokens past the end are computed from whatever is there and not
// stored.
#import linear
#import matrix_units

const SUBGROUP_ROWS: u32 = ROW_FRAGMENTS * 16u;
const SUBGROUP_TOKENS: u32 = TOKEN_FRAGMENTS * 16u;
const STEP_QUADS: u32 = STEP * 8u;

// The i-th quad that an invocation stages of the activations, where the step begins at `group`; zeros past the end.
fn load_x(first_token: u32, group: u32, i: u32) -> Quad {
    let token = min(first_token + i / STEP_QUADS, params.columns - 1u);
    let quad = group * 8u + i % STEP_QUADS;
    let of_row = params.groups * 8u;
    return select(Quad(), quad_of_x(token * of_row + min(quad, of_row - 1u)), quad < of_row);
}

fn stage_x(i: u32, quad: Quad) {
    activations[i / STEP_QUADS * STAGED + i % STEP_QUADS] = quad;
}

fn stage_weights(first: u32, half: Weights16) {
    weights[first] = rounded(half.q0);
    weights[first + 1u] = rounded(half.q1);
    weights[first + 2u] = rounded(half.q2);
    weights[first + 3u] = rounded(half.q3);
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) tile: vec3<u32>, @builtin(local_invocation_index) index: u32) {
    let first_row = tile.x * TILE_ROWS;
    let first_token = tile.y * TILE_TOKENS;
    let row = weight_row(min(first_row + index / STEP, params.rows - 1u), params.groups);
    let staged = index / STEP * STAGED + index % STEP * 8u;
    let subgroup = index / 32u;
    let subgroup_row = subgroup % (TILE_ROWS / SUBGROUP_ROWS) * SUBGROUP_ROWS;
    let subgroup_token = subgroup / (TILE_ROWS / SUBGROUP_ROWS) * SUBGROUP_TOKENS;

#for i ROW_FRAGMENTS
#for j TOKEN_FRAGMENTS
    var sums$i_$j = Sums();
#endfor
#endfor
    prepare_weights(index, params.groups);
    // Clamped, a group past the end is multiplied by zeros.
    var group = min(index % STEP, params.groups - 1u);
    var low = raw_half(row, group, 0u);
    var high = raw_half(row, group, 1u);
#for n QUADS_EACH
    var x$n = load_x(first_token, 0u, $nu * WORKGROUP_SIZE + index);
#endfor
    for (var first = 0u; first < params.groups; first += STEP) {
        stage_weights(staged, weights16(low, group, 0u));
        stage_weights(staged + 4u, weights16(high, group, 1u));
#for n QUADS_EACH
        stage_x($nu * WORKGROUP_SIZE + index, x$n);
#endfor
        workgroupBarrier();
        group = min(first + STEP + index % STEP, params.groups - 1u);
        low = raw_half(row, group, 0u);
        high = raw_half(row, group, 1u);
#for n QUADS_EACH
        x$n = load_x(first_token, first + STEP, $nu * WORKGROUP_SIZE + index);
#endfor
#for k STEP_FRAGMENTS
        {
#for i ROW_FRAGMENTS
            let weights$i = weights_from((subgroup_row + 16u * $iu) * STAGED + 4u * $ku);
#endfor
#for j TOKEN_FRAGMENTS
            let activations$j = activations_from((subgroup_token + 16u * $ju) * STAGED + 4u * $ku);
#for i ROW_FRAGMENTS
            sums$i_$j = multiplied(weights$i, activations$j, sums$i_$j);
#endfor
#endfor
        }
#endfor
        workgroupBarrier();
    }
#for i ROW_FRAGMENTS
#for j TOKEN_FRAGMENTS
    put_results(sums$i_$j, subgroup);
    workgroupBarrier();
    store_results(first_row + subgroup_row + 16u * $iu, first_token + subgroup_token + 16u * $ju, index);
    workgroupBarrier();
#endfor
#endfor
}

// Stores what a subgroup has put into `results`, but for rows and tokens past the end.
fn store_results(first_row: u32, first_token: u32, index: u32) {
    let row = first_row + index % 16u;
    if row >= params.rows { return; }
    for (var i = index % 32u; i < 256u; i += 32u) {
        let token = first_token + i / 16u;
        if token < params.columns { store_y(token, row, results[index / 32u * 256u + i]); }
    }
}
