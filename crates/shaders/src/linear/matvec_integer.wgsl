// y[t, r] = dot(weight[r], x[t]) in integer dot products, for one token or a few, with the gate (Shazeer 2020) or the sum that
// stands beside it, and with the scale of the RMS norm before it (Zhang and Sennrich 2019), whose weights are in x already.
// LANES invocations make ROWS outputs for COLUMNS tokens, so that a group of weights is unpacked once for all tokens, and a group of
// activations is loaded once for all rows. An invocation takes every LANES-th group of 32; a group's sum is exact in i32, then
// scaled. A token's sums are added in the same order whatever ROWS and COLUMNS are.
// With ENCODE, a workgroup makes a group of 32 values of each token, and leaves them in codes for the matrix that comes next, times
// the weights of the norm before that if there is one: nobody else has to read them again.
// Grid: (rows / (ROWS * BLOCKS), tokens / COLUMNS, what is over in the first).
#import multiply_integer

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) index: u32,
) {
    multiply((group.z * groups.x + group.x) * BLOCKS, group.y * COLUMNS, 0u, index);
}
