// histogram[output][bin] += the weights of the logits of a chunk of the vocabulary, as (low, high) words of 64 bits: how many they
// are where keys are counted, else their probability.
// Grid: (chunks, outputs).
const WORKGROUP_SIZE: u32 = 256u;
#import truncation
#import read_bounds

@group(0) @binding(7) var<storage, read_write> histogram: array<atomic<u32>>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let output = outputs[group.y];
    if !takes_part(output) || (!by_count(output) && !by_probability(output)) { return; }
    clear_bins(lane);
    let origin = find_origin(group.y, lane);
    var keys = keys_of_chunk(group.y, group.x, lane);
    for (var i = 0u; i < KEYS_EACH; i++) {
        if keys[i] > 0u {
            add_to_bin(bin_of(rank_of(keys[i], origin), origin), weight(keys[i], by_count(output), origin));
        }
    }
    workgroupBarrier();
    for (var bin = lane; bin < BINS; bin += WORKGROUP_SIZE) {
        let sum = bin_sum(bin);
        let word = 2u * (group.y * BINS + bin);
        var high = sum.y;
        if sum.x > 0u {
            let before = atomicAdd(&histogram[word], sum.x);
            high += u32(before + sum.x < before);
        }
        if high > 0u { atomicAdd(&histogram[word + 1u], high); }
    }
}
