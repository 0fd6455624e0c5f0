// Maximum and sum over a workgroup of a value for each of HEADS heads, with one barrier for all. Every invocation calls them,
// and every invocation gets the results. Between two calls of the same one there has to be another barrier.
#ifdef SUBGROUPS
// A subgroup has four invocations at least.
var<workgroup> head_maxima: array<f32, HEADS * WORKGROUP_SIZE / 4u>;
var<workgroup> head_sums: array<f32, HEADS * WORKGROUP_SIZE / 4u>;

struct Lane {
    @builtin(local_invocation_index) index: u32,
    @builtin(subgroup_invocation_id) in_subgroup: u32,
    @builtin(subgroup_size) subgroup_size: u32,
}

fn heads_max(values: array<f32, HEADS>, lane: Lane) -> array<f32, HEADS> {
    let subgroups = (WORKGROUP_SIZE + lane.subgroup_size - 1u) / lane.subgroup_size;
    for (var h = 0u; h < HEADS; h++) {
        let partial = subgroupMax(values[h]);
        if lane.in_subgroup == 0u { head_maxima[h * subgroups + lane.index / lane.subgroup_size] = partial; }
    }
    workgroupBarrier();
    var results: array<f32, HEADS>;
    for (var h = 0u; h < HEADS; h++) {
        results[h] = head_maxima[h * subgroups];
        for (var i = 1u; i < subgroups; i++) { results[h] = max(results[h], head_maxima[h * subgroups + i]); }
    }
    return results;
}

fn heads_sum(values: array<f32, HEADS>, lane: Lane) -> array<f32, HEADS> {
    let subgroups = (WORKGROUP_SIZE + lane.subgroup_size - 1u) / lane.subgroup_size;
    for (var h = 0u; h < HEADS; h++) {
        let partial = subgroupAdd(values[h]);
        if lane.in_subgroup == 0u { head_sums[h * subgroups + lane.index / lane.subgroup_size] = partial; }
    }
    workgroupBarrier();
    var results: array<f32, HEADS>;
    for (var h = 0u; h < HEADS; h++) {
        for (var i = 0u; i < subgroups; i++) { results[h] += head_sums[h * subgroups + i]; }
    }
    return results;
}
#else
// A part is what eight neighbouring invocations have.
const HEAD_PARTS: u32 = WORKGROUP_SIZE / 8u;
var<workgroup> head_values: array<f32, WORKGROUP_SIZE>;
var<workgroup> head_maxima: array<f32, HEADS * HEAD_PARTS>;
var<workgroup> head_sums: array<f32, HEADS * HEAD_PARTS>;

struct Lane {
    @builtin(local_invocation_index) index: u32,
}

fn heads_max(values: array<f32, HEADS>, lane: Lane) -> array<f32, HEADS> {
    var copy = values;
    for (var h = 0u; h < HEADS; h++) {
        head_values[lane.index] = copy[h];
        workgroupBarrier();
        if lane.index < HEAD_PARTS {
            var largest = head_values[lane.index * 8u];
            for (var i = 1u; i < 8u; i++) { largest = max(largest, head_values[lane.index * 8u + i]); }
            head_maxima[h * HEAD_PARTS + lane.index] = largest;
        }
        workgroupBarrier();
    }
    var results: array<f32, HEADS>;
    for (var h = 0u; h < HEADS; h++) {
        results[h] = head_maxima[h * HEAD_PARTS];
        for (var i = 1u; i < HEAD_PARTS; i++) { results[h] = max(results[h], head_maxima[h * HEAD_PARTS + i]); }
    }
    return results;
}

fn heads_sum(values: array<f32, HEADS>, lane: Lane) -> array<f32, HEADS> {
    var copy = values;
    for (var h = 0u; h < HEADS; h++) {
        head_values[lane.index] = copy[h];
        workgroupBarrier();
        if lane.index < HEAD_PARTS {
            var sum = 0.0;
            for (var i = 0u; i < 8u; i++) { sum += head_values[lane.index * 8u + i]; }
            head_sums[h * HEAD_PARTS + lane.index] = sum;
        }
        workgroupBarrier();
    }
    var results: array<f32, HEADS>;
    for (var h = 0u; h < HEADS; h++) {
        for (var i = 0u; i < HEAD_PARTS; i++) { results[h] += head_sums[h * HEAD_PARTS + i]; }
    }
    return results;
}
#endif
