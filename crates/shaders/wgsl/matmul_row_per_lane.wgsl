// y[t, r] = dot(weight[r], x[t]): an invocation a row, COLUMNS tokens at a time, no workgroup memory. For adapters whose
// invocations are the lanes of a CPU's vectors: with INTERLEAVE rows side by side a load of a word fills a whole vector, and
// the activations are the same for all lanes.
// Grid: (rows / INTERLEAVE, tokens / COLUMNS). Tokens past the end repeat the last one and are not stored.
#import linear

@compute @workgroup_size(INTERLEAVE)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(global_invocation_id) id: vec3<u32>) {
    let row = id.x;
    let first = group.y * COLUMNS;
    var bases: array<u32, COLUMNS>;
    var sums: array<f32, COLUMNS>;
    for (var c = 0u; c < COLUMNS; c++) { bases[c] = min(first + c, params.columns - 1u) * params.x_stride; }
    let weight = weight_row(row, params.groups);
    for (var g = 0u; g < params.groups; g++) {
        let scale = group_scale(weight, g);
        for (var quarter = 0u; quarter < 4u; quarter++) {
            let w = weights8(weight, g, quarter, scale);
            let low = g * 8u + low_quad(quarter);
            let high = g * 8u + high_quad(quarter);
            for (var c = 0u; c < COLUMNS; c++) {
                sums[c] += dot(w.low, x[bases[c] + low]) + dot(w.high, x[bases[c] + high]);
            }
        }
    }
    if row >= params.rows { return; }
    for (var c = 0u; c < COLUMNS; c++) {
        if first + c < params.columns { y[(first + c) * params.y_stride + params.y_offset + row] = sums[c]; }
    }
}
