// Activations in integer codes, for integer dot products, with a scale for each row and group of 32.
// codes_x: CODE_QUADS vec4 a group (see codes_*.wgsl), the first of all groups of a row before the second ones. scales_x: (scale,
// scale * the sum of the codes) a group.
#import codes

// Stores a group of a row; `values` are its quads.
fn quantise_group(row: u32, group: u32, groups: u32, values: array<vec4<f32>, QUADS>) {
    let codes = codes_of(values);
#for k CODE_QUADS
    codes_x[(row * CODE_QUADS + $ku) * groups + group] = codes.quads[$k];
#endfor
    scales_x[row * groups + group] = codes.scale;
}
