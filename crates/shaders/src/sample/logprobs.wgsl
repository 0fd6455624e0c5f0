// logprobs[output] = the log-probabilities of the most likely tokens, on log softmax(logits) before any logit is changed: those of
// `band`, which lists them and perhaps more. The first of equals comes first. Of others, token 0 stands for none, at LEAST.
// Grid: (1, outputs).
const WORKGROUP_SIZE: u32 = 256u;
#import logits
#import largest
#import bests
#import band_rows
#import logprobs_of

@group(0) @binding(6) var<storage, read> moments: array<vec2<u32>>;
@group(0) @binding(8) var<storage, read> band: array<u32>;

var<workgroup> last: Best;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let output = outputs[group.y];
    if output.alternatives == 0u { return; }
    let largest = find_largest(group.y, lane);
    // The sum's unit is 2^32, the largest logit's part of it 2^40.
    let log_sum = largest + log(wide_to_f32(moments[2u * group.y]) / 256.0);
    if lane == 0u {
        logprobs[group.y].log_sum = log_sum;
        last = Best(GREATEST, 0u);
    }
    let row = band_row(group.y);
    let listed = min(band[row], params.vocabulary);
    for (var i = 0u; i < min(output.alternatives - 1u, ALTERNATIVES); i++) {
        let before = workgroupUniformLoad(&last);
        var best = Best(LEAST, 0u);
        for (var entry = lane; entry < listed; entry += WORKGROUP_SIZE) {
            let token = band[row + 1u + entry];
            let logit = logits[group.y * params.stride + token];
            let follows = logit < before.score || (logit == before.score && token > before.token);
            if follows { best = better(best, Best(logit, token)); }
        }
        best = workgroup_best(best, lane);
        if lane == 0u {
            logprobs[group.y].alternatives[i] = Alternative(best.token, best.score - log_sum);
            last = best;
        }
    }
}
