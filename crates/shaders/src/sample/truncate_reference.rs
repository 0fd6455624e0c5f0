use super::bounds::{Bounds, key_of, logit_of};
use super::variants::SamplePhase;
use crate::resources::Resources;
use crate::{Output, Sample};

/// Finds the bounds of what top-k, typical-p, top-p and min-p leave, in this order.
pub(crate) fn truncate(params: &Sample, count: usize, resources: &mut Resources) {
    let outputs = resources.get::<Output>("outputs")[..count].to_vec();
    for (index, output) in outputs.iter().enumerate().filter(|(_, output)| params.takes_part(output)) {
        let mut bounds = match params.phase == SamplePhase::Top as u32 {
            true => Bounds::NONE,
            false => resources.get::<Bounds>("bounds")[index],
        };
        let keys = params.keys(resources, (index, output)).into_iter().filter(|key| *key > 0);
        let mut kept: Vec<f32> = keys.map(logit_of).collect();
        kept.sort_by(|a, b| b.total_cmp(a));
        if params.phase == SamplePhase::Typical as u32 {
            (bounds.center, bounds.distance) = typical(output.typical_p, &kept);
        } else {
            bounds.least = bounds.least.max(least(params, output, kept));
        }
        resources.update("bounds", |_, all: &mut [Bounds]| all[index] = bounds);
    }
}

/// The probability of a logit beside the largest.
pub(super) fn mass(logit: f32, largest: f32) -> f64 {
    // Infinities have no difference.
    if logit == largest { 1.0 } else { (f64::from(logit) - f64::from(largest)).exp() }
}

/// The expected logit, and the distance from it within which the nearest have a part of the probability.
fn typical(part: f32, kept: &[f32]) -> (f32, f32) {
    let Some(largest) = kept.first().copied() else { return (f32::MIN, f32::MAX) };
    let sum: f64 = kept.iter().map(|logit| mass(*logit, largest)).sum();
    let far = |logit: f32| if mass(logit, largest) > 0.0 { f64::from(largest) - f64::from(logit) } else { 0.0 };
    let expected: f64 = kept.iter().map(|logit| far(*logit) * mass(*logit, largest)).sum::<f64>() / sum;
    let center = (f64::from(largest) - expected) as f32;
    let mut nearest: Vec<(f32, f64)> =
        kept.iter().map(|logit| ((logit - center).abs(), mass(*logit, largest))).collect();
    nearest.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut reached = 0.0;
    let last = nearest.iter().find(|(_, mass)| {
        reached += mass;
        reached >= f64::from(part) * sum
    });
    (center, last.map_or(f32::MAX, |(distance, _)| distance.min(f32::MAX)))
}

/// The least logit that top-k, top-p and min-p leave, as far as they belong to the phase.
fn least(params: &Sample, output: &Output, mut kept: Vec<f32>) -> f32 {
    let Some(largest) = kept.first().copied() else { return f32::MIN };
    let mut least = f32::MIN;
    if params.by_count(output) {
        least = kept[kept.len().min(output.top_k as usize) - 1];
        kept.retain(|logit| key_of(*logit) >= key_of(least));
    }
    if params.by_probability(output) {
        let wanted = f64::from(output.top_p) * kept.iter().map(|logit| mass(*logit, largest)).sum::<f64>();
        let mut sum = 0.0;
        let reached = kept.iter().copied().find(|logit| {
            sum += mass(*logit, largest);
            sum >= wanted
        });
        least = reached.unwrap_or(least);
    }
    let comes_later = params.phase == SamplePhase::Top as u32 && output.has_typical_p();
    if output.min_p > 0.0 && !comes_later {
        least = least.max((f64::from(largest) + f64::from(output.min_p).ln()) as f32);
    }
    least.max(f32::MIN)
}
