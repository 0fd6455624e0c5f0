// Activations as f16, for matrix units. codes_x: four vec4 a group, pairs of values in their order.

// A pair of values in their order; what f16 can't hold becomes the largest that it can.
fn pair_of(values: vec2<f32>) -> u32 {
    return pack2x16float(clamp(values, vec2(-65504.0), vec2(65504.0)));
}

// Stores a group of a row; `values` are its quads.
fn quantise_group(row: u32, group: u32, groups: u32, values: ptr<function, array<vec4<f32>, 8>>) {
    let first = (row * groups + group) * 4u;
    for (var i = 0u; i < 4u; i++) {
        let a = (*values)[2u * i];
        let b = (*values)[2u * i + 1u];
        codes_x[first + i] = vec4(pair_of(a.xy), pair_of(a.zw), pair_of(b.xy), pair_of(b.zw));
    }
}
