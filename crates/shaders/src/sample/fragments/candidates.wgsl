// A token as a candidate to be chosen.
#import read_bounds
#import random
#import bests

// What stands for the token of an output with a logit that is no finite number; its score wins.
const NOT_FINITE: u32 = 0xffffffffu;

// The token with its logit or, at a temperature, logit / temperature + noise. A logit that is no finite number gives NOT_FINITE.
fn candidate(index: u32, token: u32) -> Best {
    if token == NOT_FINITE { return Best(GREATEST, NOT_FINITE); }
    let output = outputs[index];
    if !is_allowed(mask_of(output), token) { return Best(LEAST, token); }
    let logit = logits[index * params.stride + token];
    if !is_finite(logit) { return Best(GREATEST, NOT_FINITE); }
    // The bounds of an output that isn't truncated are of another step.
    if logit == LEAST || (truncates(output) && !within(bounds[index], logit)) { return Best(LEAST, token); }
    if output.inverse_temperature > 0.0 {
        return Best(logit * output.inverse_temperature + gumbel(output.seed, output.position, token), token);
    }
    return Best(logit, token);
}
