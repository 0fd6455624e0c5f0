//! The three stages before `truncate`: see `truncate.wgsl`.

use super::argmax_reference::is_banned;
use super::sample_launch::{BINS, CHUNK};
use crate::resources::Resources;
use crate::{Output, Sample};

/// Finds the key of the largest logit of each chunk, and clears what the next stages add to.
pub(crate) fn truncate_maxima(params: &Sample, count: usize, resources: &mut Resources) {
    let chunks = Sample::chunks(params.vocabulary) as usize;
    of_each(params, count, resources, ("maxima", chunks), |_, _, keys, maxima| {
        for (maximum, keys) in maxima.iter_mut().zip(keys.chunks(CHUNK as usize)) {
            *maximum = keys.iter().copied().max().unwrap_or(0);
        }
    });
    of_each(params, count, resources, ("histogram", 2 * BINS), |_, _, _, histogram| histogram.fill(0));
    of_each(params, count, resources, ("band", params.vocabulary as usize + 1), |_, _, _, band| band[0] = 0);
}

/// Adds up counts or probabilities of logits by their distance from the largest.
pub(crate) fn truncate_histogram(params: &Sample, count: usize, resources: &mut Resources) {
    of_each(params, count, resources, ("histogram", 2 * BINS), |output, _, keys, histogram| {
        if !has_top_k(output, params) && !has_top_p(output) {
            return;
        }
        let largest = logit_of(keys.iter().copied().max().unwrap_or(0));
        for key in keys.iter().filter(|key| **key > 0) {
            let words = &mut histogram[2 * bin_of(*key, largest)..][..2];
            let sum = wide(words) + if has_top_k(output, params) { 1 } else { probability(*key, largest) };
            words.copy_from_slice(&[sum as u32, (sum >> 32) as u32]);
        }
    });
}

/// Lists the keys of the bin where top-k or else top-p ends; with both, those of the bins before as well.
pub(crate) fn truncate_band(params: &Sample, count: usize, resources: &mut Resources) {
    of_each(params, count, resources, ("band", params.vocabulary as usize + 1), |output, histogram, keys, band| {
        let (by_count, by_probability) = (has_top_k(output, params), has_top_p(output));
        if !by_count && !by_probability {
            return;
        }
        let total: u64 = histogram.chunks(2).map(wide).sum();
        let part = (f64::from(output.top_p) * total as f64) as u64;
        let goal = if by_count { u64::from(output.top_k) } else { part }.max(1).min(total);
        let mut sum = 0;
        let reached = histogram.chunks(2).position(|words| {
            sum += wide(words);
            sum >= goal
        });
        let last = if total > 0 { reached.unwrap_or(0) } else { 0 };
        let first = if by_count && by_probability { 0 } else { last };
        let largest = logit_of(keys.iter().copied().max().unwrap_or(0));
        for key in keys.iter().filter(|key| **key > 0 && (first..=last).contains(&bin_of(**key, largest))) {
            band[0] += 1;
            band[band[0] as usize] = *key;
        }
    });
}

/// Updates the rows of a resource of those outputs that are truncated, by their histograms, where there are any, and keys.
fn of_each(
    params: &Sample,
    count: usize,
    resources: &mut Resources,
    (name, width): (&'static str, usize),
    update: impl Fn(&Output, &[u32], &[u32], &mut [u32]),
) {
    resources.update(name, |resources, rows: &mut [u32]| {
        let logits = resources.get::<f32>("logits").chunks(params.stride as usize);
        let outputs = resources.get::<Output>("outputs")[..count].iter();
        for (index, ((output, logits), row)) in outputs.zip(logits).zip(rows.chunks_exact_mut(width)).enumerate() {
            if output.truncates() {
                let allowed =
                    |(token, logit): (u32, &f32)| if is_banned(resources, token) { 0 } else { key_of(*logit) };
                let keys: Vec<u32> = (0..).zip(&logits[..params.vocabulary as usize]).map(allowed).collect();
                let histogram = if name == "band" { resources.get::<u32>("histogram") } else { &[] };
                update(output, histogram.chunks_exact(2 * BINS).nth(index).unwrap_or(&[]), &keys, row);
            }
        }
    });
}

fn has_top_k(output: &Output, params: &Sample) -> bool {
    (1..params.vocabulary).contains(&output.top_k)
}

fn has_top_p(output: &Output) -> bool {
    output.top_p > 0.0 && output.top_p < 1.0
}

/// A logit as an integer in the same order; 0 for what is not a number.
fn key_of(logit: f32) -> u32 {
    let magnitude = logit.abs().to_bits();
    match () {
        () if logit.is_nan() => 0,
        () if logit.is_sign_negative() => 0x8000_0000 - magnitude,
        () => 0x8000_0000 + magnitude,
    }
}

/// The logit of a key; f32's least for keys below its key.
fn logit_of(key: u32) -> f32 {
    match key.checked_sub(0x8000_0000) {
        Some(magnitude) => f32::from_bits(magnitude),
        None => (-f32::from_bits(0x8000_0000 - key)).max(f32::MIN),
    }
}

/// The exponent and 7 bits of 1 + the distance from the largest logit.
fn bin_of(key: u32, largest: f32) -> usize {
    let logit = logit_of(key);
    let distance = if logit == largest { 0.0 } else { largest - logit };
    (((1.0 + distance).to_bits() - 0x3f80_0000) >> 16).min(BINS as u32 - 1) as usize
}

/// exp(logit - largest) in units of 2^-40.
fn probability(key: u32, largest: f32) -> u64 {
    let logit = logit_of(key);
    let part = if logit == largest { 1.0 } else { (f64::from(logit) - f64::from(largest)).exp() };
    (part * (1u64 << 40) as f64) as u64
}

fn wide(words: &[u32]) -> u64 {
    u64::from(words[0]) | u64::from(words[1]) << 32
}
