// sampled[slot] = the best of the candidates that `argmax_partials` found, by the same score. The first of equals wins;
// NOT_FINITE where a logit was no finite number.
// Grid: (1, outputs).
const WORKGROUP_SIZE: u32 = 256u;
#import candidates
@group(0) @binding(4) var<storage, read> candidates: array<u32>;
@group(0) @binding(5) var<storage, read_write> sampled: array<u32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let threshold = threshold(group.y);
    var best = Best(LEAST, 0u);
    for (var chunk = lane; chunk < chunks(); chunk += WORKGROUP_SIZE) {
        let token = candidates[group.y * chunks() + chunk];
        best = better(best, candidate(group.y, threshold, token));
    }
    let token = workgroup_best(best, lane);
    if lane == 0u { sampled[outputs[group.y].slot] = token; }
}
