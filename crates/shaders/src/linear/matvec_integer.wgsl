// y[t, r] = dot(weight[r], x[t]) in integer dot products, for one token or a few, with the gate (Shazeer 2020) or the sum that
// stands beside it; and with the RMS norm before (Zhang and Sennrich 2019) where the workgroup encodes x itself.
// LANES invocations make ROWS outputs for COLUMNS tokens, so that a group of weights is unpacked once for all tokens, and a group of
// activations is loaded once for all rows. An invocation takes every LANES-th group of 32; a group's sum is exact in i32, then
// scaled. A token's sums are added in the same order whatever ROWS and COLUMNS are, and whoever encoded x.
// Grid: (rows / (ROWS * BLOCKS), tokens / COLUMNS, what is over in the first).
#import integer_input
#import product
#import linear

const LANES: u32 = 32u;
// One more, so that neighbouring sums lie in different banks.
const PARTS: u32 = WORKGROUP_SIZE + 1u;
// [row and column][invocation]
var<workgroup> partials: array<f32, ROWS * COLUMNS * PARTS>;

// Which row of the weight is the i-th of those whose rows of y begin at `first`.
fn row_of(first: u32, i: u32) -> u32 {
    if params.gate_rows == 0u { return min(first + i, params.rows - 1u); }
    let half = ROWS / 2u;
    return min(first + i % half, params.rows - 1u) + i / half * params.gate_rows;
}

fn total_of_lanes(slot: u32, block: u32) -> f32 {
    let first = slot * PARTS + block * LANES;
    var sums = vec4<f32>();
    for (var i = first; i < first + LANES; i += 4u) {
        sums += vec4(partials[i], partials[i + 1u], partials[i + 2u], partials[i + 3u]);
    }
    return (sums.x + sums.y) + (sums.z + sums.w);
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, lane: Lane) {
    let outputs = select(ROWS, ROWS / 2u, params.gate_rows != 0u);
    let first_block = (group.z * groups.x + group.x) * BLOCKS;
    let first = (first_block + lane.index / LANES) * outputs;
    let first_column = group.y * COLUMNS;
    prepare_weights(lane.index, params.groups);
#for r ROWS
    let weight$r = weight_row(row_of(first, $ru), params.groups);
    // Under way before the activations are there.
    var raw$r = raw_codes(weight$r, min(lane.index % LANES, params.groups - 1u));
#endfor
    prepare_input(first_column, lane);
    var sums: array<array<f32, COLUMNS>, ROWS>;
    for (var part = 0u; part < params.groups; part += PART) {
        stage(part, first_column, lane);
        for (var g = part + lane.index % LANES; g < min(part + PART, params.groups); g += LANES) {
#for r ROWS
            let codes$r = signed_codes(raw$r, g);
            // Under way while this group is multiplied.
            raw$r = raw_codes(weight$r, min(g + LANES, params.groups - 1u));
#endfor
#for c COLUMNS
            {
                let x = activations(first_column, $cu, g, part);
#for r ROWS
                sums[$r][$c] += product(codes$r, x);
#endfor
            }
#endfor
        }
    }
#for r ROWS
#for c COLUMNS
    partials[($ru * COLUMNS + $cu) * PARTS + lane.index] = sums[$r][$c];
#endfor
#endfor
    workgroupBarrier();
    let sums_of_block = outputs * COLUMNS;
    for (var i = lane.index; i < BLOCKS * sums_of_block; i += WORKGROUP_SIZE) {
        let block = i / sums_of_block;
        let slot = i % sums_of_block;
        let row = (first_block + block) * outputs + slot / COLUMNS;
        let column = first_column + slot % COLUMNS;
        if row >= params.rows || column >= params.columns { continue; }
        let sum = total_of_lanes(slot, block);
        if params.gate_rows == 0u {
            store_y(column, row, sum);
        } else {
            let other = total_of_lanes(slot + sums_of_block, block);
            store_value(column, row, gated(params.activation, biased(row, sum), biased(params.gate_rows + row, other)));
        }
    }
}
