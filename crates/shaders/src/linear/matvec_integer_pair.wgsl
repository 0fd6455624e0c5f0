// `matvec_integer` of two weights in different formats, one above the other: rows of y up to `params.second` are the first one's, the
// others the second one's. A dispatch takes microseconds to begin and to end, in which the next one doesn't run.
// Grid: as that of `matvec_integer`.
#import multiply_integer
#second multiply_integer

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) index: u32,
) {
    let first_block = (group.z * groups.x + group.x) * BLOCKS;
    if first_block * block_outputs() < params.second {
        multiply(first_block, group.y * COLUMNS, 0u, index);
    } else {
        multiply_2(first_block, group.y * COLUMNS, params.second, index);
    }
}
