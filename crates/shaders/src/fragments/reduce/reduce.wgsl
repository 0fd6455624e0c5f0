// Sum and maximum over a workgroup. Every invocation calls them, and every invocation gets the result.
#ifdef SUBGROUPS

var<workgroup> reduce_partials: array<f32, WORKGROUP_SIZE>;

fn subgroups(lane: Lane) -> u32 {
    return (WORKGROUP_SIZE + lane.subgroup_size - 1u) / lane.subgroup_size;
}

fn workgroup_sum(value: f32, lane: Lane) -> f32 {
    let partial = subgroupAdd(value);
    if lane.in_subgroup == 0u { reduce_partials[lane.index / lane.subgroup_size] = partial; }
    workgroupBarrier();
    var total = 0.0;
    for (var i = 0u; i < subgroups(lane); i++) { total += reduce_partials[i]; }
    workgroupBarrier();
    return total;
}

fn workgroup_max(value: f32, lane: Lane) -> f32 {
    let partial = subgroupMax(value);
    if lane.in_subgroup == 0u { reduce_partials[lane.index / lane.subgroup_size] = partial; }
    workgroupBarrier();
    var largest = reduce_partials[0];
    for (var i = 1u; i < subgroups(lane); i++) { largest = max(largest, reduce_partials[i]); }
    workgroupBarrier();
    return largest;
}

struct Lane {
    @builtin(local_invocation_index) index: u32,
    @builtin(subgroup_invocation_id) in_subgroup: u32,
    @builtin(subgroup_size) subgroup_size: u32,
}
#else

var<workgroup> reduce_values: array<f32, WORKGROUP_SIZE>;

fn workgroup_sum(value: f32, lane: Lane) -> f32 {
    reduce_values[lane.index] = value;
    for (var half = WORKGROUP_SIZE / 2u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if lane.index < half { reduce_values[lane.index] += reduce_values[lane.index + half]; }
    }
    workgroupBarrier();
    let total = reduce_values[0];
    workgroupBarrier();
    return total;
}

fn workgroup_max(value: f32, lane: Lane) -> f32 {
    reduce_values[lane.index] = value;
    for (var half = WORKGROUP_SIZE / 2u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if lane.index < half { reduce_values[lane.index] = max(reduce_values[lane.index], reduce_values[lane.index + half]); }
    }
    workgroupBarrier();
    let largest = reduce_values[0];
    workgroupBarrier();
    return largest;
}

struct Lane {
    @builtin(local_invocation_index) index: u32,
}
#endif
