// The best of the candidates that `argmax_partials` found, by the same score, becomes the output's sampled token, and the one at
// its position of the slot's history. The first of equals wins; NOT_FINITE where a logit was no finite number.
// Grid: (1, outputs).
const WORKGROUP_SIZE: u32 = 256u;
#import candidates
@group(0) @binding(9) var<storage, read> candidates: array<u32>;
@group(0) @binding(10) var<storage, read_write> sampled: array<u32>;
@group(0) @binding(11) var<storage, read_write> history: array<u32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let output = outputs[group.y];
    if !is_due(output) { return; }
    var best = Best(LEAST, 0u);
    for (var chunk = lane; chunk < chunks(); chunk += WORKGROUP_SIZE) {
        best = better(best, candidate(group.y, candidates[group.y * chunks() + chunk]));
    }
    best = workgroup_best(best, lane);
    if lane == 0u {
        sampled[output.sampled] = best.token;
        history[output.slot * HISTORY + output.position % HISTORY] = best.token;
    }
}
