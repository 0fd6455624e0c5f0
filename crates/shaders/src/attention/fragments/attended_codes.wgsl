// Stores what attention comes to in codes of 8 bits, as `quantise` makes them (see quantise_codes.wgsl), for the matrix that follows.
#import codes
// The codes of all rows, then, from word `params.scales` on, their scales: one binding, since there are no more.
@group(0) @binding(7) var<storage, read_write> encoded_y: array<u32>;

// A quad of a row, whose first value is value 4 * quad. Every invocation of a workgroup calls it; eight neighbours have a group.
fn store_attended(row: u32, quad: u32, value: vec4<f32>, lane: u32, stores: bool) {
    let magnitude = abs(value);
    workgroupBarrier();
    if stores { lane_values[lane] = max(max(magnitude.x, magnitude.y), max(magnitude.z, magnitude.w)); }
    workgroupBarrier();
    var largest = 0.0;
    if stores {
        for (var i = 0u; i < QUADS; i++) { largest = max(largest, lane_values[lane / QUADS * QUADS + i]); }
    }
    let words = quad_codes(value, inverse_of(largest, LARGEST_CODE));
    workgroupBarrier();
    let group = quad / QUADS;
    if stores {
        lane_values[lane] = f32(sum_of_quad(words));
        let plane = row * CODE_QUADS + quad % QUADS / 4u;
        encoded_y[(plane * params.y_groups + group) * 4u + quad % 4u] = words[0];
    }
    workgroupBarrier();
    if stores && lane % QUADS == 0u {
        var sum = 0.0;
        for (var i = 0u; i < QUADS; i++) { sum += lane_values[lane + i]; }
        let scale = step_of(largest, LARGEST_CODE);
        let at_scale = params.scales + 2u * (row * params.y_groups + group);
        encoded_y[at_scale] = bitcast<u32>(scale);
        encoded_y[at_scale + 1u] = bitcast<u32>(scale * sum);
    }
}
