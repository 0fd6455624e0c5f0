use bytemuck::{Pod, Zeroable};

use super::bounds::{key_of, logit_of};
use super::truncate_reference::mass;
use crate::resources::Resources;
use crate::{Output, Sample};

/// A token that might have been chosen, and its log-probability.
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub struct Alternative {
    /// The token.
    pub token: u32,
    /// Its log-probability; f32's least or less where there are fewer tokens than were asked for.
    pub logprob: f32,
}

/// The log-probabilities of an output, on log softmax of the logits before any is changed. What wasn't asked for is of another step.
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub struct Logprobs {
    /// The log-probability of the chosen token.
    pub chosen: f32,
    /// The logarithm of the sum of exp(logit).
    pub log_sum: f32,
    /// The most likely tokens, the likeliest first; of equals the first.
    pub alternatives: [Alternative; Output::ALTERNATIVES as usize],
}

/// Finds the most likely tokens and the logarithm of the sum of all.
pub(crate) fn logprobs(params: &Sample, count: usize, resources: &mut Resources) {
    resources.update("logprobs", |resources, rows: &mut [Logprobs]| {
        let outputs = resources.get::<Output>("outputs")[..count].iter();
        for (index, (output, row)) in outputs.zip(rows).enumerate().filter(|(_, (output, _))| output.wants_logprobs()) {
            let keys = params.logits(resources, index).iter().map(|logit| key_of(*logit));
            let mut tokens: Vec<(u32, f32)> =
                (0..).zip(keys).filter(|(_, key)| *key > 0).map(|(token, key)| (token, logit_of(key))).collect();
            tokens.sort_by(|a, b| b.1.total_cmp(&a.1));
            let largest = tokens.first().map_or(f32::MIN, |(_, logit)| *logit);
            let sum: f64 = tokens.iter().map(|(_, logit)| mass(*logit, largest)).sum();
            row.log_sum = (f64::from(largest) + sum.ln()) as f32;
            let alternatives = row.alternatives.iter_mut().take(output.alternatives as usize - 1);
            for (alternative, (token, logit)) in
                alternatives.zip(tokens.into_iter().chain(std::iter::repeat((0, f32::MIN))))
            {
                *alternative = Alternative { token, logprob: logit - row.log_sum };
            }
        }
    });
}

/// Looks up the log-probability of the sampled token.
pub(crate) fn logprobs_chosen(params: &Sample, count: usize, resources: &mut Resources) {
    resources.update("logprobs", |resources, rows: &mut [Logprobs]| {
        let outputs = resources.get::<Output>("outputs")[..count].iter();
        for (index, (output, row)) in outputs.zip(rows).enumerate().filter(|(_, (output, _))| output.wants_logprobs()) {
            let token = resources.get::<u32>("sampled")[output.sampled as usize];
            let Some(logit) = params.logits(resources, index).get(token as usize) else { continue };
            let changes = &resources.get::<u32>("changes")[index * Sample::changes_words(params.vocabulary) as usize..];
            let changed = if output.adjusts() { changes[0] as usize } else { 0 };
            let before = changes[1..].chunks_exact(2).take(changed).find(|change| change[0] == token);
            row.chosen = before.map_or(*logit, |change| f32::from_bits(change[1])) - row.log_sum;
        }
    });
}
