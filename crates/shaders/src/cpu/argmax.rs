use super::Resources;
use crate::{Argmax, Output};

/// Chooses the token of the largest logit, or of the largest logit / temperature + Gumbel noise.
pub(crate) fn argmax(params: &Argmax, count: usize, resources: &mut Resources) {
    resources.update("sampled", |resources, sampled: &mut [u32]| {
        for (row, output) in resources.get::<Output>("outputs")[..count].iter().enumerate() {
            let logits = &resources.get::<f32>("logits")[row * params.stride as usize..][..params.vocabulary as usize];
            let mut best = (f32::MIN, 0);
            for (token, logit) in (0..).zip(logits) {
                let mut value = *logit;
                if output.inverse_temperature > 0.0 {
                    value = value * output.inverse_temperature + gumbel(output.seed, output.step, token);
                }
                if value > best.0 {
                    best = (value, token);
                }
            }
            sampled[output.slot as usize] = best.1;
        }
    });
}

/// The output function of PCG on a linear congruential step.
fn pcg(value: u32) -> u32 {
    let state = value.wrapping_mul(747_796_405).wrapping_add(2_891_336_453);
    let word = ((state >> ((state >> 28) + 4)) ^ state).wrapping_mul(277_803_737);
    (word >> 22) ^ word
}

/// Standard Gumbel noise for candidate `index` of step `step`.
fn gumbel(seed: u32, step: u32, index: u32) -> f32 {
    let uniform = (f64::from(pcg(index ^ pcg(step ^ pcg(seed)))) + 0.5) / 4_294_967_296.0;
    -(-(-uniform).ln_1p()).ln() as f32
}
