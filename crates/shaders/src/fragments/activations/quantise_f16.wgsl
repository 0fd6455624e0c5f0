// Activations as f16, for matrix units. codes_x: four vec4 a group, pairs of values in their order.
#import pack_pair

// Stores a group of a row; `values` are its quads.
fn quantise_group(row: u32, group: u32, groups: u32, values: ptr<function, array<vec4<f32>, 8>>) {
    let first = (row * groups + group) * 4u;
    for (var i = 0u; i < 4u; i++) {
        let a = (*values)[2u * i];
        let b = (*values)[2u * i + 1u];
        codes_x[first + i] = vec4(pack_pair(a.xy), pack_pair(a.zw), pack_pair(b.xy), pack_pair(b.zw));
    }
}
