// candidates[output][chunk] = the token of a chunk of the vocabulary with the largest logit or, at a temperature, the one that a
// draw from softmax(logits / temperature) would take, by the Gumbel-max trick: the largest of logit / temperature + noise, where
// the noise depends on seed, step and token alone. The first of equals wins, logits out of `bounds[output]` are left out where the
// output is truncated, as are tokens that its mask leaves out, and a chunk without any candidate names token 0. A chunk with a
// logit that is no finite number names NOT_FINITE.
// Grid: (chunks, outputs).
const WORKGROUP_SIZE: u32 = 256u;
#import candidates
@group(0) @binding(9) var<storage, read_write> candidates: array<u32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    if !is_due(outputs[group.y]) { return; }
    let end = min((group.x + 1u) * CHUNK, params.vocabulary);
    var best = Best(LEAST, 0u);
    for (var token = group.x * CHUNK + lane; token < end; token += WORKGROUP_SIZE) {
        best = better(best, candidate(group.y, token));
    }
    best = workgroup_best(best, lane);
    if lane == 0u { candidates[group.y * chunks() + group.x] = best.token; }
}
