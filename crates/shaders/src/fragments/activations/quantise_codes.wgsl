// Activations in integer codes, for integer dot products, with a scale for each row and group of 32.
// codes_x: CODE_QUADS vec4 a group (see codes_*.wgsl), the first of all groups of a row before the second ones. scales_x: (scale,
// scale * the sum of the codes) a group.
#import codes

// Stores a group of a row; `values` are its quads.
fn quantise_group(row: u32, group: u32, groups: u32, values: ptr<function, array<vec4<f32>, 8>>) {
    let codes = codes_of(*values);
    for (var i = 0u; i < CODE_QUADS; i++) { codes_x[(row * CODE_QUADS + i) * groups + group] = codes.quads[i]; }
    scales_x[row * groups + group] = codes.scale;
}
