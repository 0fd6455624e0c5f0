// Choosing among candidate tokens: what is bound, a token as a candidate, and the best of a workgroup's.
#import logits
#import random

@group(0) @binding(3) var<storage, read> thresholds: array<f32>;

// What a score has to exceed to be chosen.
const LEAST: f32 = -3.4028234e38;
// What stands for the token of an output with a logit that is no finite number, and its score, which wins.
const NOT_FINITE: u32 = 0xffffffffu;
const GREATEST: f32 = 3.4028234e38;

// The candidate ahead so far: token 0 where none is.
struct Best {
    score: f32,
    token: u32,
}

// The better of two: the first of equals.
fn better(a: Best, b: Best) -> Best {
    if b.score > a.score || (b.score == a.score && b.token < a.token) { return b; }
    return a;
}

// Logits below it are out of the question. What `thresholds` holds for an output that isn't truncated is of another step.
fn threshold(index: u32) -> f32 {
    if truncates(outputs[index]) { return thresholds[index]; }
    return LEAST;
}

// The token with its logit or, at a temperature, logit / temperature + noise. A logit that is no finite number gives NOT_FINITE.
fn candidate(index: u32, threshold: f32, token: u32) -> Best {
    if token == NOT_FINITE { return Best(GREATEST, NOT_FINITE); }
    if is_banned(token) { return Best(LEAST, token); }
    let output = outputs[index];
    let logit = logits[index * params.stride + token];
    if (bitcast<u32>(logit) & 0x7f800000u) == 0x7f800000u { return Best(GREATEST, NOT_FINITE); }
    if logit < threshold { return Best(LEAST, token); }
    if output.inverse_temperature > 0.0 {
        return Best(logit * output.inverse_temperature + gumbel(output.seed, output.position, token), token);
    }
    return Best(logit, token);
}

var<workgroup> bests: array<Best, WORKGROUP_SIZE>;

// The best token of the invocations' bests, in invocation 0.
fn workgroup_best(own: Best, lane: u32) -> u32 {
    var best = own;
    bests[lane] = best;
    for (var half = WORKGROUP_SIZE / 2u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if lane < half {
            best = better(best, bests[lane + half]);
            bests[lane] = best;
        }
    }
    return best.token;
}
