// bounds[output].greatest = the key of the least likely logit of those whose probability is XTC's threshold or more, on softmax of
// what is left: likelier ones are left out.
// Grid: (chunks, outputs).
const WORKGROUP_SIZE: u32 = 256u;
#import keys
#import largest

@group(0) @binding(4) var<storage, read_write> bounds: array<atomic<u32>>;
@group(0) @binding(6) var<storage, read> moments: array<vec2<u32>>;

var<workgroup> least: atomic<u32>;

// Whatever other workgroups have found already changes nothing: it is among the likely ones.
fn bounds_of(index: u32) -> Bounds {
    let word = 4u * index;
    return Bounds(
        bitcast<f32>(atomicLoad(&bounds[word])),
        0xffffffffu,
        bitcast<f32>(atomicLoad(&bounds[word + 2u])),
        bitcast<f32>(atomicLoad(&bounds[word + 3u])),
    );
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let output = outputs[group.y];
    if !takes_part(output) { return; }
    if lane == 0u { atomicStore(&least, 0xffffffffu); }
    let largest = find_largest(group.y, lane);
    // The sum's unit is 2^32, the largest logit's part of it 2^40.
    let likely = largest + log(output.xtc_threshold * wide_to_f32(moments[2u * group.y]) / 256.0);
    var keys = keys_of_chunk(group.y, group.x, lane);
    for (var i = 0u; i < KEYS_EACH; i++) {
        if keys[i] > 0u && logit_of(keys[i]) >= likely { atomicMin(&least, keys[i]); }
    }
    workgroupBarrier();
    if lane == 0u { atomicMin(&bounds[4u * group.y + 1u], atomicLoad(&least)); }
}
