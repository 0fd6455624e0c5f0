// logprobs[output].chosen = the log-probability of the sampled token, from its logit before `adjust` changed it.
// Grid: (1, outputs).
const WORKGROUP_SIZE: u32 = 256u;
#import outputs
#import changes
#import logprobs_of

@group(0) @binding(2) var<storage, read> logits: array<f32>;
// Only read. It shares a buffer with `logprobs`, and a buffer is bound in one way.
@group(0) @binding(10) var<storage, read_write> sampled: array<u32>;
@group(0) @binding(14) var<storage, read> changes: array<u32>;

var<workgroup> first: atomic<u32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let output = outputs[group.y];
    if output.alternatives == 0u { return; }
    if lane == 0u { atomicStore(&first, most_changes()); }
    workgroupBarrier();
    let token = sampled[output.sampled];
    let row = changes_row(group.y);
    // What `changes` holds for an output that isn't adjusted is of another step.
    let length = select(0u, min(changes[row], most_changes()), adjusts(output));
    for (var i = lane; i < length; i += WORKGROUP_SIZE) {
        if changes[row + 1u + 2u * i] == token { atomicMin(&first, i); }
    }
    workgroupBarrier();
    if lane > 0u || token >= params.vocabulary { return; }
    var logit = logits[group.y * params.stride + token];
    let before = atomicLoad(&first);
    if before < most_changes() { logit = bitcast<f32>(changes[row + 2u + 2u * before]); }
    logprobs[group.y].chosen = logit - logprobs[group.y].log_sum;
}
