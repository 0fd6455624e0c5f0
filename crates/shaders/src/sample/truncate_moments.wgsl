// moments[output] += (sum of w, sum of w * d) over the logits of a chunk of the vocabulary, where d is the distance from the
// largest logit and w = exp(-d); each is (low, high) words of 64 bits, in units of 2^-40.
// Grid: (chunks, outputs).
const WORKGROUP_SIZE: u32 = 256u;
#import keys
#import read_bounds
#import largest

@group(0) @binding(6) var<storage, read_write> moments: array<atomic<u32>>;

// The sums of the workgroup, as words.
var<workgroup> sums: array<atomic<u32>, 4>;

fn add_to_sum(sum: u32, value: vec2<u32>) {
    let before = atomicAdd(&sums[2u * sum], value.x);
    let high = value.y + u32(before + value.x < before);
    if high > 0u { atomicAdd(&sums[2u * sum + 1u], high); }
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    if !takes_part(outputs[group.y]) { return; }
    if lane < 4u { atomicStore(&sums[lane], 0u); }
    let largest = find_largest(group.y, lane);
    var keys = keys_of_chunk(group.y, group.x, lane);
    var weights = vec2<u32>(0u);
    var products = vec2<u32>(0u);
    for (var i = 0u; i < KEYS_EACH; i++) {
        let distance = largest - logit_of(keys[i]);
        // Beyond, and where there is no key, w is 0 in these units.
        if keys[i] > 0u && distance < 64.0 {
            weights = wide_add(weights, probability(logit_of(keys[i]), largest));
            products = wide_add(products, wide(distance * exp(-distance) * 256.0));
        }
    }
    add_to_sum(0u, weights);
    add_to_sum(1u, products);
    workgroupBarrier();
    if lane < 2u {
        let sum = vec2<u32>(atomicLoad(&sums[2u * lane]), atomicLoad(&sums[2u * lane + 1u]));
        let word = 4u * group.y + 2u * lane;
        let before = atomicAdd(&moments[word], sum.x);
        atomicAdd(&moments[word + 1u], sum.y + u32(before + sum.x < before));
    }
}
