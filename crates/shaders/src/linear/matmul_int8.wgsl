// y[t, r] = dot(weight[r], x[t]) in integer dot products, for prefill on a GPU: tiles of TILE_ROWS rows by TILE_TOKENS tokens,
// of x in codes of 8 bits (see quantise_codes.wgsl) and the weight's codes as they are, signed.
// A step along k stages STEP groups of 32 in workgroup memory: half of the invocations a group of a row's weights each, the
// others a group of a token's activations, loaded while the step before is computed. An invocation multiplies ROWS_EACH rows
// by TILE_TOKENS / 16 tokens: a group's sum is exact in i32, then scaled and added up in f32.
// Grid: (rows / TILE_ROWS, tokens / TILE_TOKENS). Rows and tokens past the end are computed from whatever is there and not
// stored.
#import linear

const STEP: u32 = 128u / TILE_ROWS;
const SLOTS: u32 = TILE_ROWS + TILE_TOKENS;
// Groups that lie side by side are staged side by side: four slots between them keep them out of each other's banks.
const STAGED: u32 = 2u * SLOTS + 4u;

// [group of the step][half of the group][row or token]
var<workgroup> codes_tile: array<vec4<u32>, STEP * STAGED>;
// [group of the step][row or token]
var<workgroup> scales_tile: array<Scale, STEP * SLOTS>;

struct Invocation {
    @builtin(local_invocation_id) id: vec3<u32>,
    @builtin(local_invocation_index) index: u32,
}

// What an invocation stages: a group of one row or of one token.
fn load(row: WeightRow, token: u32, is_weight: bool, group: u32) -> RawCodes {
    let within = min(group, params.groups - 1u);
    if is_weight { return raw_codes(row, within); }
    let first = token * 2u * params.groups + within;
    return RawCodes(codes_x[first], codes_x[first + params.groups], bitcast<vec2<u32>>(scales_x[token * params.groups + within]));
}

fn staged(raw: RawCodes, is_weight: bool, group: u32) -> SignedCodes {
    if is_weight { return signed_codes(raw, group); }
    // A group past the end counts as zeros.
    let scale = x_scale_of(bitcast<vec2<f32>>(raw.scale), raw.first);
    return SignedCodes(raw.first, raw.second, select(Scale(), scale, group < params.groups));
}

@compute @workgroup_size(16, 16)
fn main(@builtin(workgroup_id) tile: vec3<u32>, invocation: Invocation) {
    let first_row = tile.x * TILE_ROWS;
    let first_token = tile.y * TILE_TOKENS;
    let lane = invocation.id;
    let is_weight = invocation.index < 128u;
    let item = invocation.index % 128u / STEP;
    let group_of_step = invocation.index % STEP;
    let row = weight_row(min(first_row + item, params.rows - 1u), params.groups);
    let token = min(first_token + item, params.columns - 1u);
    let stages = is_weight || item < TILE_TOKENS;
    let slot = select(TILE_ROWS + item, item, is_weight);

    prepare_weights(invocation.index, params.groups);
    var sums: array<array<f32, ROWS_EACH>, TILE_TOKENS / 16u>;
    var next = load(row, token, is_weight, group_of_step);
    for (var first = 0u; first < params.groups; first += STEP) {
        if stages {
            let codes = staged(next, is_weight, first + group_of_step);
            codes_tile[group_of_step * STAGED + slot] = codes.low;
            codes_tile[group_of_step * STAGED + SLOTS + slot] = codes.high;
            scales_tile[group_of_step * SLOTS + slot] = codes.scale;
        }
        workgroupBarrier();
        next = load(row, token, is_weight, first + STEP + group_of_step);
        for (var group = 0u; group < STEP; group++) {
            let row_codes = group * STAGED + lane.x;
            let row_scales = group * SLOTS + lane.x;
            let token_codes = group * STAGED + TILE_ROWS + lane.y;
            let token_scales = group * SLOTS + TILE_ROWS + lane.y;
#for b TOKEN_BATCHES
            {
#for j BATCH
                let x_low$j = codes_tile[token_codes + 64u * $bu + 16u * $ju];
                let x_high$j = codes_tile[token_codes + 64u * $bu + 16u * $ju + SLOTS];
                let x_scale$j = scales_tile[token_scales + 64u * $bu + 16u * $ju];
#endfor
#for i ROWS_EACH
                {
                    let low = codes_tile[row_codes + 16u * $iu];
                    let high = codes_tile[row_codes + 16u * $iu + SLOTS];
                    let scale = scales_tile[row_scales + 16u * $iu];
#for j BATCH
                    sums[4u * $bu + $ju][$i] += scaled(dot16(low, x_low$j), dot16(high, x_high$j), scale, x_scale$j);
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
