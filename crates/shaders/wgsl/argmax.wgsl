// sampled[slot] = the token with the largest logit or, at a temperature, a draw from softmax(logits / temperature) by the
// Gumbel-max trick: the largest of logit / temperature + noise, where the noise depends on seed, step and token alone.
// The first of equal candidates wins.
// Grid: (1, outputs).
const WORKGROUP_SIZE: u32 = 256u;
struct Params {
    vocabulary: u32,
    stride: u32, // of logits, in f32
}
#import rows

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> outputs: array<Output>;
@group(0) @binding(2) var<storage, read> logits: array<f32>;
@group(0) @binding(3) var<storage, read_write> sampled: array<u32>;
#import random

var<workgroup> best_values: array<f32, WORKGROUP_SIZE>;
var<workgroup> best_tokens: array<u32, WORKGROUP_SIZE>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let output = outputs[group.y];
    let base = group.y * params.stride;
    var best = -3.4e38;
    var best_token = 0u;
    for (var token = lane; token < params.vocabulary; token += WORKGROUP_SIZE) {
        var value = logits[base + token];
        if output.inverse_temperature > 0.0 {
            value = value * output.inverse_temperature + gumbel(output.seed, output.step, token);
        }
        if value > best { best = value; best_token = token; }
    }
    best_values[lane] = best;
    best_tokens[lane] = best_token;
    for (var half = WORKGROUP_SIZE / 2u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if lane < half {
            let value = best_values[lane + half];
            let token = best_tokens[lane + half];
            if value > best || (value == best && token < best_token) { best = value; best_token = token; }
            best_values[lane] = best;
            best_tokens[lane] = best_token;
        }
    }
    if lane == 0u { sampled[output.slot] = best_token; }
}
