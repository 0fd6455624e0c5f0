// y[t, r] = dot(weight[r], x[t]) for one token or a few, with what stands beside it: the RMS norm before (Zhang and
// Sennrich 2019), the gate (Shazeer 2020) or the sum after.
// A workgroup takes ROWS rows at a time, so that an activation that was loaded and normalised serves them all; an invocation
// takes whole groups of 32 weights. The norm's scale is a factor of the sum: the squares are summed on the way.
// With EXPERTS, each token has its rows of the weight, if this part of it has them.
// Grid: (rows / ROWS, tokens / COLUMNS, what is over in the first).
#import activations32
#import linear

// The sums of a workgroup: COLUMNS for each row, then the squares of each column.
const SLOTS: u32 = (ROWS + 1u) * COLUMNS;
#ifdef SUBGROUPS
// A subgroup has four invocations at least.
const PARTS: u32 = WORKGROUP_SIZE / 4u;
#else
const PARTS: u32 = WORKGROUP_SIZE;
#endif
var<workgroup> partials: array<f32, SLOTS * PARTS>;

fn squares(v: vec4<f32>) -> f32 { return dot(v, v); }
fn total(v: vec4<f32>) -> f32 { return (v.x + v.y) + (v.z + v.w); }

struct Loaded {
    x: Activations32,
    squares: f32,
}

// The activations of a group, times the norm's weights if there is a norm, and the sum of their squares before that.
fn load(base: u32, group: u32) -> Loaded {
    let n = params.groups;
    var q0 = x[base + group];
    var q1 = x[base + n + group];
    var q2 = x[base + 2u * n + group];
    var q3 = x[base + 3u * n + group];
    var q4 = x[base + 4u * n + group];
    var q5 = x[base + 5u * n + group];
    var q6 = x[base + 6u * n + group];
    var q7 = x[base + 7u * n + group];
    var sum = 0.0;
    if params.norm_width != 0u {
        sum = ((squares(q0) + squares(q1)) + (squares(q2) + squares(q3))) + ((squares(q4) + squares(q5)) + (squares(q6) + squares(q7)));
        q0 *= norm[group];
        q1 *= norm[n + group];
        q2 *= norm[2u * n + group];
        q3 *= norm[3u * n + group];
        q4 *= norm[4u * n + group];
        q5 *= norm[5u * n + group];
        q6 *= norm[6u * n + group];
        q7 *= norm[7u * n + group];
    }
    return Loaded(activations32(array(q0, q1, q2, q3, q4, q5, q6, q7)), sum);
}

// Which row of the weight is the i-th of a workgroup whose rows of y begin at `first`.
fn row_of(first: u32, i: u32) -> u32 {
    if params.gate_rows == 0u { return first_row + min(first + i, params.rows - 1u); }
    let half = ROWS / 2u;
    return min(first + i % half, params.rows - 1u) + i / half * params.gate_rows;
}

#ifdef SUBGROUPS
struct Lane {
    @builtin(local_invocation_index) index: u32,
    @builtin(subgroup_invocation_id) in_subgroup: u32,
    @builtin(subgroup_size) subgroup_size: u32,
}

fn deposit(slot: u32, value: f32, lane: Lane) {
    let sum = subgroupAdd(value);
    if lane.in_subgroup == 0u { partials[slot * PARTS + lane.index / lane.subgroup_size] = sum; }
}

fn collect(slot: u32, lane: Lane) -> f32 {
    var sum = 0.0;
    for (var i = 0u; i < (WORKGROUP_SIZE + lane.subgroup_size - 1u) / lane.subgroup_size; i++) { sum += partials[slot * PARTS + i]; }
    return sum;
}
#else
struct Lane {
    @builtin(local_invocation_index) index: u32,
}

fn deposit(slot: u32, value: f32, lane: Lane) {
    partials[slot * PARTS + lane.index] = value;
}

fn collect(slot: u32, lane: Lane) -> f32 {
    var sums = vec4<f32>();
    for (var i = slot * PARTS; i < (slot + 1u) * PARTS; i += 4u) {
        sums += vec4(partials[i], partials[i + 1u], partials[i + 2u], partials[i + 3u]);
    }
    return total(sums);
}
#endif

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, lane: Lane) {
    let outputs = select(ROWS, ROWS / 2u, params.gate_rows != 0u);
    let first = (group.z * groups.x + group.x) * outputs;
    let first_column = group.y * COLUMNS;
#ifdef EXPERTS
    let expert = expert_of(group.y);
    if expert >= params.expert_count { return; }
    first_row = expert * params.rows;
#endif
    prepare_weights(lane.index, params.groups);
    // The last is that of the squares.
    var sums: array<array<f32, COLUMNS>, ROWS + 1u>;
    for (var g = lane.index; g < params.groups; g += WORKGROUP_SIZE) {
#for c COLUMNS
        let loaded$c = load(x_row(min(first_column + $cu, params.columns - 1u)) * params.x_stride, g);
        sums[ROWS][$c] += loaded$c.squares;
#endfor
        for (var r = 0u; r < ROWS; r++) {
            let weight = weight_row(row_of(first, r), params.groups);
            // The columns are spelled out, so that the compiler unpacks a weight once.
#for c COLUMNS
            sums[r][$c] += group_dot(weight, g, loaded$c.x);
#endfor
        }
    }
    for (var r = 0u; r <= ROWS; r++) {
        for (var c = 0u; c < COLUMNS; c++) { deposit(r * COLUMNS + c, sums[r][c], lane); }
    }
    workgroupBarrier();
    let row = lane.index / COLUMNS;
    let column = lane.index % COLUMNS;
    if row >= outputs || first + row >= params.rows || first_column + column >= params.columns { return; }
    var norm_scale = 1.0;
    if params.norm_width != 0u {
        norm_scale = inverseSqrt(collect(ROWS * COLUMNS + column, lane) / f32(params.norm_width) + params.epsilon);
    }
    let sum = norm_scale * collect(lane.index, lane);
    if params.gate_rows == 0u {
        store_y(first_column + column, first + row, sum);
        return;
    }
    let other = norm_scale * collect(lane.index + outputs * COLUMNS, lane);
    let gate = biased(first + row, sum);
    store_value(first_column + column, first + row, gated(params.activation, gate, biased(params.gate_rows + first + row, other)));
}
