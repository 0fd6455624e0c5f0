// Activations that a weight matrix multiplies lie in planes of quads: the first four values of every group of 32, then the
// next four of every group, and so on. An invocation that takes a whole group of weights then reads, with its neighbours,
// one sweep of memory.

// Where the quad that begins with value `i` (a multiple of 4) of a row of `groups` groups lies, in vec4.
fn plane_quad(i: u32, groups: u32) -> u32 {
    return (i % 32u) / 4u * groups + i / 32u;
}

// Where value `i` lies, in f32.
fn plane_index(i: u32, groups: u32) -> u32 {
    return plane_quad(i, groups) * 4u + i % 4u;
}
