use std::collections::BTreeMap;

use crate::resources::Resources;
use crate::{Bias, Output, Sample};

/// Adds biases, and subtracts the penalties of the last tokens and of repetitions.
pub(crate) fn adjust(params: &Sample, count: usize, resources: &mut Resources) {
    let outputs = resources.get::<Output>("outputs")[..count].to_vec();
    for (index, output) in outputs.iter().enumerate().filter(|(_, output)| output.adjusts()) {
        let mut row = Row { logits: params.logits(resources, index).to_vec(), changes: Vec::new() };
        let first = (output.slot * Output::BIASES) as usize;
        for bias in &resources.get::<Bias>("biases")[first..first + output.biases as usize] {
            row.change(bias.token, |logit| if bias.value == Bias::NEVER { f32::MIN } else { logit + bias.value });
        }
        let history = &resources.get::<u32>("history")[(output.slot * Output::HISTORY) as usize..];
        let last = |length: u32| -> Vec<u32> {
            let length = length.min(output.position).min(Output::HISTORY);
            let positions = output.position - length..output.position;
            positions.map(|position| history[(position % Output::HISTORY) as usize]).collect()
        };
        if output.penalises() {
            penalise(output, &last(output.penalty_last_n), &mut row);
        }
        if output.has_dry() {
            let words = Sample::mask_words(params.vocabulary);
            let breakers = &resources.get::<u32>("breakers")[(output.slot * words) as usize..][..words as usize];
            let breaks =
                |token: u32| breakers.get(token as usize / 32).is_some_and(|word| word >> (token % 32) & 1 != 0);
            penalise_repetitions(output, &last(output.dry_last_n), breaks, &mut row);
        }
        resources.update("logits", |_, logits: &mut [f32]| {
            logits[index * params.stride as usize..][..row.logits.len()].copy_from_slice(&row.logits);
        });
        resources.update("changes", |_, changes: &mut [u32]| {
            let changes = &mut changes[index * Sample::changes_words(params.vocabulary) as usize..];
            changes[0] = 0;
            if output.wants_logprobs() {
                changes[0] = row.changes.len() as u32;
                for (words, (token, logit)) in changes[1..].chunks_exact_mut(2).zip(row.changes) {
                    words.copy_from_slice(&[token, logit.to_bits()]);
                }
            }
        });
    }
}

/// An output's logits, and those that were changed as they were before.
struct Row {
    logits: Vec<f32>,
    changes: Vec<(u32, f32)>,
}

impl Row {
    fn change(&mut self, token: u32, changed: impl FnOnce(f32) -> f32) {
        let Some(logit) = self.logits.get_mut(token as usize) else { return };
        if logit.is_finite() && *logit != Bias::NEVER {
            self.changes.push((token, *logit));
            *logit = changed(*logit).clamp(f32::MIN, f32::MAX);
        }
    }
}

fn penalise(output: &Output, window: &[u32], row: &mut Row) {
    let mut counts = BTreeMap::new();
    for token in window {
        *counts.entry(*token).or_insert(0u32) += 1;
    }
    for (token, count) in counts {
        row.change(token, |mut logit| {
            if output.repetition_penalty > 0.0 {
                let penalty = output.repetition_penalty;
                logit = if logit <= 0.0 { logit * penalty } else { logit / penalty };
            }
            logit - (count as f32 * output.frequency_penalty + output.presence_penalty)
        });
    }
}

fn penalise_repetitions(output: &Output, window: &[u32], breaks: impl Fn(u32) -> bool, row: &mut Row) {
    let unbroken = window.iter().rev().position(|token| breaks(*token)).unwrap_or(window.len());
    let most = unbroken.min(output.dry_most_length as usize);
    let mut longest = BTreeMap::new();
    for i in 1..window.len() {
        let pairs = window[..i].iter().rev().zip(window.iter().rev());
        let length = pairs.take(most).take_while(|(a, b)| a == b).count() as u32;
        let longest = longest.entry(window[i]).or_insert(length);
        *longest = length.max(*longest);
    }
    for (token, length) in longest {
        if length >= output.dry_allowed_length && !breaks(token) {
            let power = f64::from(output.dry_base).powi((length - output.dry_allowed_length) as i32);
            row.change(token, |logit| logit - (f64::from(output.dry_multiplier) * power) as f32);
        }
    }
}
