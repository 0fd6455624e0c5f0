use super::sample_launch::CHUNK;
use crate::resources::Resources;
use crate::{Output, Sample};

/// Chooses the best token of each chunk of the vocabulary.
pub(crate) fn argmax_partials(params: &Sample, count: usize, resources: &mut Resources) {
    resources.update("candidates", |resources, candidates: &mut [u32]| {
        let row = Sample::chunks(params.vocabulary) as usize;
        for (index, candidates) in candidates.chunks_exact_mut(row).take(count).enumerate() {
            for (chunk, candidate) in (0..).zip(candidates) {
                let end = params.vocabulary.min((chunk + 1) * CHUNK);
                *candidate = best(params, resources, index, chunk * CHUNK..end);
            }
        }
    });
}

/// Chooses the best of the chunks' candidates.
pub(crate) fn argmax(params: &Sample, count: usize, resources: &mut Resources) {
    resources.update("sampled", |resources, sampled: &mut [u32]| {
        let row = Sample::chunks(params.vocabulary) as usize;
        let candidates = resources.get::<u32>("candidates").chunks_exact(row);
        for (index, (output, candidates)) in
            resources.get::<Output>("outputs")[..count].iter().zip(candidates).enumerate()
        {
            sampled[output.slot as usize] = best(params, resources, index, candidates.iter().copied());
        }
    });
}

/// The token of the largest logit, or of the largest logit / temperature + Gumbel noise; the first of equals. Banned tokens are
/// left out, and logits below the threshold where the output is truncated. [`Sample::NOT_FINITE`] where a logit is no finite number.
fn best(params: &Sample, resources: &Resources, index: usize, tokens: impl Iterator<Item = u32>) -> u32 {
    let output = &resources.get::<Output>("outputs")[index];
    let logits = &resources.get::<f32>("logits")[index * params.stride as usize..][..params.vocabulary as usize];
    let threshold = if output.truncates() { resources.get::<f32>("thresholds")[index] } else { f32::MIN };
    let mut best = (f32::MIN, 0);
    for token in tokens {
        if token == Sample::NOT_FINITE {
            return Sample::NOT_FINITE;
        }
        if is_banned(resources, token) {
            continue;
        }
        let mut score = logits[token as usize];
        if !score.is_finite() {
            return Sample::NOT_FINITE;
        }
        if score < threshold {
            continue;
        }
        if output.inverse_temperature > 0.0 {
            score = score * output.inverse_temperature + gumbel(output.seed, output.position, token);
        }
        if score > best.0 || score == best.0 && token < best.1 {
            best = (score, token);
        }
    }
    best.1
}

/// Whether a token is never chosen.
pub(super) fn is_banned(resources: &Resources, token: u32) -> bool {
    resources.get::<u32>("banned")[token as usize / 32] >> (token % 32) & 1 != 0
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
