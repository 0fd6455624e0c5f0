// y[t, r] = dot(weight[r], x[t]): tiles of TILE_ROWS rows by TILE_TOKENS tokens, for prefill on a GPU.
// A step along k stages STEP halves of a group of 32 in workgroup memory: half of the invocations 16 weights of a row each, the
// others 16 activations of a token, loaded while the step before is computed. An invocation accumulates ROWS_EACH rows by
// TILE_TOKENS / 16 tokens.
// Grid: (rows / TILE_ROWS, tokens / TILE_TOKENS). Rows and tokens past the end are computed from whatever is there and not
// stored.
#import linear

const STEP: u32 = 128u / TILE_ROWS;
const SLOTS: u32 = TILE_ROWS + TILE_TOKENS;

// [quad along k][row or token]
var<workgroup> tile: array<vec4<f32>, STEP * 4u * SLOTS>;

struct Invocation {
    @builtin(local_invocation_id) id: vec3<u32>,
    @builtin(local_invocation_index) index: u32,
}

// What an invocation stages: a half of a group, of one row or of one token.
fn load(row: WeightRow, token: u32, is_weight: bool, half: u32) -> RawHalf {
    let group = min(half / 2u, params.groups - 1u);
    if is_weight { return raw_half(row, group, half % 2u); }
    let first = token * params.x_stride + half % 2u * 4u * params.groups + group;
    return RawHalf(
        bitcast<vec4<u32>>(x[first]),
        bitcast<vec4<u32>>(x[first + params.groups]),
        bitcast<vec4<u32>>(x[first + 2u * params.groups]),
        bitcast<vec4<u32>>(x[first + 3u * params.groups]),
        vec2<u32>(),
    );
}

fn staged(raw: RawHalf, is_weight: bool, half: u32) -> Weights16 {
    if is_weight { return weights16(raw, half / 2u, half % 2u); }
    return plain16(raw);
}

// Four fused steps, where dot() would need five.
fn add_dot(sum: f32, a: vec4<f32>, b: vec4<f32>) -> f32 {
    return fma(a.w, b.w, fma(a.z, b.z, fma(a.y, b.y, fma(a.x, b.x, sum))));
}

@compute @workgroup_size(16, 16)
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, invocation: Invocation) {
    let first_row = workgroup.x * TILE_ROWS;
    let first_token = workgroup.y * TILE_TOKENS;
    let lane = invocation.id;
    let is_weight = invocation.index < 128u;
    let item = invocation.index % TILE_ROWS;
    let half_of_step = invocation.index % 128u / TILE_ROWS;
    let row = weight_row(min(first_row + item, params.rows - 1u), params.groups);
    let token = min(first_token + item, params.columns - 1u);
    let stages = is_weight || item < TILE_TOKENS;
    let slot = half_of_step * 4u * SLOTS + select(TILE_ROWS + item, item, is_weight);

    prepare_weights(invocation.index, params.groups);
    var sums: array<array<f32, ROWS_EACH>, TILE_TOKENS / 16u>;
    var next = load(row, token, is_weight, half_of_step);
    for (var first = 0u; first < 2u * params.groups; first += STEP) {
        if stages {
            let values = staged(next, is_weight, first + half_of_step);
            tile[slot] = values.q0;
            tile[slot + SLOTS] = values.q1;
            tile[slot + 2u * SLOTS] = values.q2;
            tile[slot + 3u * SLOTS] = values.q3;
        }
        workgroupBarrier();
        next = load(row, token, is_weight, first + STEP + half_of_step);
        for (var quad = 0u; quad < 4u * STEP; quad++) {
            let rows = quad * SLOTS + lane.x;
            let tokens = quad * SLOTS + TILE_ROWS + lane.y;
#for b TOKEN_BATCHES
            {
#for j BATCH
                let x$j = tile[tokens + 64u * $bu + 16u * $ju];
#endfor
#for i ROWS_EACH
                {
                    let weights = tile[rows + 16u * $iu];
#for j BATCH
                    sums[4u * $bu + $ju][$i] = add_dot(sums[4u * $bu + $ju][$i], weights, x$j);
#endfor
                }
#endfor
            }
#endfor
        }
        workgroupBarrier();
    }
#import store_tile
}
