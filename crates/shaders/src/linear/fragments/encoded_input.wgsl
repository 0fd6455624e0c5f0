// Activations of `matvec_integer` as `quantise` has left them.
#import codes
const PART: u32 = 0x7fffffffu; // the whole row

struct Lane {
    @builtin(local_invocation_index) index: u32,
}

fn prepare_input(first_column: u32, lane: Lane) {}

fn stage(part: u32, first_column: u32, lane: Lane) {}

// The activations of a group of the c-th token; tokens past the last repeat it.
fn activations(first_column: u32, c: u32, group: u32, part: u32) -> Activations32 {
    let row = min(first_column + c, params.columns - 1u);
    var quads: array<vec4<u32>, CODE_QUADS>;
#for k CODE_QUADS
    quads[$k] = codes_x[(row * CODE_QUADS + $ku) * params.groups + group];
#endfor
    return activations32(quads, scales_x[row * params.groups + group]);
}
