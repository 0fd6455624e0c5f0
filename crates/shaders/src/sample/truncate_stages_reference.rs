//! The stages before `truncate`: see `truncate.wgsl`.

use super::bounds::{key_of, logit_of};
use super::sample_launch::{BINS, CHUNK};
use super::variants::SamplePhase;
use crate::resources::Resources;
use crate::{Output, Sample};

/// Finds the key of the largest logit of each chunk, and clears what the next stages add to.
pub(crate) fn truncate_maxima(params: &Sample, count: usize, resources: &mut Resources) {
    let chunks = Sample::chunks(params.vocabulary) as usize;
    of_each(params, count, resources, ("maxima", chunks), |part, maxima| {
        for (maximum, keys) in maxima.iter_mut().zip(part.keys.chunks(CHUNK as usize)) {
            *maximum = keys.iter().copied().max().unwrap_or(0);
        }
    });
    of_each(params, count, resources, ("moments", 4), |_, moments| moments.fill(0));
    of_each(params, count, resources, ("histogram", 2 * BINS), |_, histogram| histogram.fill(0));
    of_each(params, count, resources, ("band", params.vocabulary as usize + 1), |_, band| band[0] = 0);
}

/// Adds up probabilities, and their products with the distances from the largest logit.
pub(crate) fn truncate_moments(params: &Sample, count: usize, resources: &mut Resources) {
    of_each(params, count, resources, ("moments", 4), |part, moments| {
        for logit in part.keys.iter().filter(|key| **key > 0).map(|key| logit_of(*key)) {
            let distance = part.largest - logit;
            if distance < 64.0 {
                let weight = probability(logit, part.largest);
                add(&mut moments[..2], weight);
                add(&mut moments[2..], (f64::from(distance) * weight as f64) as u64);
            }
        }
    });
}

/// Adds up counts or probabilities of logits by their distance from the first in rank.
pub(crate) fn truncate_histogram(params: &Sample, count: usize, resources: &mut Resources) {
    of_each(params, count, resources, ("histogram", 2 * BINS), |part, histogram| {
        if part.by_count || part.by_probability {
            for key in part.keys.iter().filter(|key| **key > 0) {
                let weight = if part.by_count { 1 } else { probability(logit_of(*key), part.largest) };
                add(&mut histogram[2 * part.bin_of(*key)..][..2], weight);
            }
        }
    });
}

/// Lists the keys of the bin where what is counted or else what is weighed ends; where both are, those of the bins before as well, as are those
/// of few that top-k leaves.
/// Of the most likely tokens, lists the tokens of these bins.
pub(crate) fn truncate_band(params: &Sample, count: usize, resources: &mut Resources) {
    of_each(params, count, resources, ("band", params.vocabulary as usize + 1), |part, band| {
        if !part.by_count && !part.by_probability {
            return;
        }
        let tokens = params.phase == SamplePhase::Logprobs as u32;
        let few = params.phase == SamplePhase::Few as u32;
        let (number, share) = match params.phase {
            1 => (0, part.output.typical_p),
            4 => (part.output.alternatives - 1, 0.0),
            _ => (part.output.top_k, part.output.top_p),
        };
        let total: u64 = part.histogram.chunks(2).map(wide).sum();
        let goal = if part.by_count { u64::from(number) } else { (f64::from(share) * total as f64) as u64 };
        let mut sum = 0;
        let reached = part.histogram.chunks(2).position(|words| {
            sum += wide(words);
            sum >= goal.max(1).min(total)
        });
        let last = if total > 0 { reached.unwrap_or(0) } else { 0 };
        let first = if part.by_count && (part.by_probability || tokens || few) { 0 } else { last };
        for (token, key) in (0..).zip(&part.keys) {
            if *key > 0 && (first..=last).contains(&part.bin_of(*key)) {
                band[0] += 1;
                band[band[0] as usize] = if tokens { token } else { *key };
            }
        }
    });
}

/// An output, its keys in a phase, and what they are looked at from.
struct Part<'a> {
    output: &'a Output,
    keys: Vec<u32>,
    largest: f32,
    /// The expected logit, where the nearest to it come first.
    center: Option<f32>,
    histogram: &'a [u32],
    by_count: bool,
    by_probability: bool,
}

impl Part<'_> {
    /// The exponent and 7 bits of 1 + the distance from the first in rank.
    fn bin_of(&self, key: u32) -> usize {
        let logit = logit_of(key);
        let (first, value) = match self.center {
            None => (self.largest, logit),
            Some(center) => (0.0, logit_of(key_of(-(logit - center).abs()))),
        };
        let distance = if value == first { 0.0 } else { first - value };
        (((1.0 + distance).to_bits() - 0x3f80_0000) >> 16).min(BINS as u32 - 1) as usize
    }
}

/// Updates the rows of a resource of the outputs that take part in the phase.
fn of_each(
    params: &Sample,
    count: usize,
    resources: &mut Resources,
    (name, width): (&'static str, usize),
    update: impl Fn(&Part<'_>, &mut [u32]),
) {
    resources.update(name, |resources, rows: &mut [u32]| {
        let outputs = resources.get::<Output>("outputs")[..count].iter();
        for (index, (output, row)) in outputs.zip(rows.chunks_exact_mut(width)).enumerate() {
            if !params.takes_part(output) {
                continue;
            }
            let keys = params.keys(resources, (index, output));
            let largest = logit_of(keys.iter().copied().max().unwrap_or(0));
            let typical = params.phase == SamplePhase::Typical as u32 && name != "moments" && name != "maxima";
            let center = typical.then(|| {
                let moments = &resources.get::<u32>("moments")[4 * index..][..4];
                largest - wide(&moments[2..]) as f32 / wide(&moments[..2]) as f32
            });
            let histogram = if name == "band" { resources.get::<u32>("histogram") } else { &[] };
            let part = Part {
                output,
                keys,
                largest,
                center,
                histogram: histogram.chunks_exact(2 * BINS).nth(index).unwrap_or(&[]),
                by_count: params.by_count(output),
                by_probability: params.by_probability(output),
            };
            update(&part, row);
        }
    });
}

/// exp(logit - largest) in units of 2^-40.
fn probability(logit: f32, largest: f32) -> u64 {
    let part = if logit == largest { 1.0 } else { (f64::from(logit) - f64::from(largest)).exp() };
    (part * (1u64 << 40) as f64) as u64
}

fn add(words: &mut [u32], value: u64) {
    let sum = wide(words) + value;
    words.copy_from_slice(&[sum as u32, (sum >> 32) as u32]);
}

fn wide(words: &[u32]) -> u64 {
    u64::from(words[0]) | u64::from(words[1]) << 32
}
