// outputs[output].refused = 1 where truncation has led to a token that the output's own mask doesn't have. A token is chosen again for
// such an output, with its mask before truncation.
// Grid: (1, outputs).
#import masks

@group(0) @binding(1) var<storage, read_write> outputs: array<Output>;
@group(0) @binding(10) var<storage, read> sampled: array<u32>;

@compute @workgroup_size(1)
fn main(@builtin(workgroup_id) group: vec3<u32>) {
    let output = outputs[group.y];
    let token = sampled[output.sampled];
    // Logits that are no finite numbers have led to a token that is none.
    if truncates(output) && token < params.vocabulary && !is_allowed(output.mask, token) { outputs[group.y].refused = 1u; }
}
