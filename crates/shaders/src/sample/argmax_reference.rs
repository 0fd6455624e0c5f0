use super::Bounds;
use super::sample_launch::CHUNK;
use crate::fragments::numbers::random;
use crate::resources::Resources;
use crate::{Bias, Output, Sample};

/// Chooses the best token of each chunk of the vocabulary.
pub(crate) fn argmax_partials(params: &Sample, count: usize, resources: &mut Resources) {
    resources.update("candidates", |resources, candidates: &mut [u32]| {
        let row = Sample::chunks(params.vocabulary) as usize;
        let outputs = resources.get::<Output>("outputs")[..count].iter();
        let due =
            outputs.zip(candidates.chunks_exact_mut(row)).enumerate().filter(|(_, (output, _))| params.is_due(output));
        for (index, (_, candidates)) in due {
            for (chunk, candidate) in (0..).zip(candidates) {
                let end = params.vocabulary.min((chunk + 1) * CHUNK);
                *candidate = best(params, resources, index, chunk * CHUNK..end);
            }
        }
    });
}

/// Chooses the best of the chunks' candidates, and appends it to the history of its slot.
pub(crate) fn argmax(params: &Sample, count: usize, resources: &mut Resources) {
    let row = Sample::chunks(params.vocabulary) as usize;
    let outputs = resources.get::<Output>("outputs")[..count].to_vec();
    for (index, output) in outputs.iter().enumerate().filter(|(_, output)| params.is_due(output)) {
        let candidates = resources.get::<u32>("candidates")[index * row..][..row].iter().copied();
        let token = best(params, resources, index, candidates);
        resources.update("sampled", |_, sampled: &mut [u32]| sampled[output.sampled as usize] = token);
        let place = output.slot * Output::HISTORY + output.position % Output::HISTORY;
        resources.update("history", |_, history: &mut [u32]| history[place as usize] = token);
    }
}

/// The token of the largest logit, or of the largest logit / temperature + Gumbel noise; the first of equals. Tokens that the mask
/// leaves out don't count, nor do logits out of bounds where the output is truncated. [`Sample::NOT_FINITE`] where a logit is no
/// finite number.
fn best(params: &Sample, resources: &Resources, index: usize, tokens: impl Iterator<Item = u32>) -> u32 {
    let output = &resources.get::<Output>("outputs")[index];
    let logits = params.logits(resources, index);
    let allowed = params.allowed(resources, output.mask_in_use());
    let bounds = if output.truncates() { resources.get::<Bounds>("bounds")[index] } else { Bounds::NONE };
    let mut best = (f32::MIN, 0);
    for token in tokens {
        if token == Sample::NOT_FINITE {
            return Sample::NOT_FINITE;
        }
        if !allowed(token) {
            continue;
        }
        let mut score = logits[token as usize];
        if !score.is_finite() {
            return Sample::NOT_FINITE;
        }
        if score == Bias::NEVER || !bounds.hold(score) {
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

/// Standard Gumbel noise for candidate `index` of step `step`.
fn gumbel(seed: u32, step: u32, index: u32) -> f32 {
    let uniform = (f64::from(random(seed, step, index)) + 0.5) / 4_294_967_296.0;
    -(-(-uniform).ln_1p()).ln() as f32
}
