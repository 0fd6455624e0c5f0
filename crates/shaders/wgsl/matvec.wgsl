// y[t, r] = dot(weight[r], x[t]): a workgroup a row, for the one or few columns of decoding.
// Neighbouring invocations take neighbouring quarters of groups, so weights are read in one sweep.
// Grid: (weight rows, up to the limit, columns).
const WORKGROUP_SIZE: u32 = 64u;
#import linear
#import reduce

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, lane: Lane) {
    let x_base = group.y * params.x_stride;
    for (var row = group.x; row < params.rows; row += groups.x) {
        let weight = weight_row(row, params.groups);
        var sum = 0.0;
        for (var i = lane.index; i < params.groups * 4u; i += WORKGROUP_SIZE) {
            let g = i / 4u;
            let quarter = i % 4u;
            let w = weights8(weight, g, quarter, group_scale(weight, g));
            let base = x_base + g * 8u;
            sum += dot(w.low, x[base + low_quad(quarter)]) + dot(w.high, x[base + high_quad(quarter)]);
        }
        let total = workgroup_sum(sum, lane);
        if lane.index == 0u { y[group.y * params.y_stride + params.y_offset + row] = total; }
    }
}
