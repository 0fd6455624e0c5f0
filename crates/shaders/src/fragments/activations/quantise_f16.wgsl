// Activations as f16, for matrix units. codes_x: four vec4 a group, pairs of values in their order.
#import pack_pair

fn pairs_of(a: vec4<f32>, b: vec4<f32>) -> vec4<u32> {
    return vec4(pack_pair(a.xy), pack_pair(a.zw), pack_pair(b.xy), pack_pair(b.zw));
}

// Stores a group of a row; `values` are its quads.
fn quantise_group(row: u32, group: u32, groups: u32, values: array<vec4<f32>, QUADS>) {
    let first = (row * groups + group) * 4u;
    codes_x[first] = pairs_of(values[0], values[1]);
    codes_x[first + 1u] = pairs_of(values[2], values[3]);
    codes_x[first + 2u] = pairs_of(values[4], values[5]);
    codes_x[first + 3u] = pairs_of(values[6], values[7]);
}
