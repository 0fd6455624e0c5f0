use super::argmax_reference::is_banned;
use crate::resources::Resources;
use crate::{Output, Sample};

/// Finds the least logit that top-k, top-p and min-p leave, in this order.
pub(crate) fn truncate(params: &Sample, count: usize, resources: &mut Resources) {
    resources.update("thresholds", |resources, thresholds: &mut [f32]| {
        let rows = resources.get::<f32>("logits").chunks(params.stride as usize);
        let allowed = |(token, logit): (u32, &f32)| if is_banned(resources, token) { f32::NAN } else { *logit };
        for ((output, logits), threshold) in
            resources.get::<Output>("outputs")[..count].iter().zip(rows).zip(thresholds)
        {
            if output.truncates() {
                let logits: Vec<f32> = (0..).zip(&logits[..params.vocabulary as usize]).map(allowed).collect();
                *threshold = least(output, &logits);
            }
        }
    });
}

fn least(output: &Output, logits: &[f32]) -> f32 {
    // What is banned or not a number is never chosen; the zero that is added makes both zeros one.
    let mut kept: Vec<f32> = logits.iter().filter(|logit| !logit.is_nan()).map(|logit| logit + 0.0).collect();
    kept.sort_by(|a, b| b.total_cmp(a));
    let Some(largest) = kept.first().copied() else { return f32::MIN };
    let mut least = f32::MIN;
    if output.top_k > 0 && (output.top_k as usize) < logits.len() {
        least = kept[kept.len().min(output.top_k as usize) - 1];
        kept.retain(|logit| *logit >= least);
    }
    if output.top_p > 0.0 && output.top_p < 1.0 {
        // Infinities have no difference.
        let mass = |logit: f32| if logit == largest { 1.0 } else { (f64::from(logit) - f64::from(largest)).exp() };
        let wanted = f64::from(output.top_p) * kept.iter().copied().map(mass).sum::<f64>();
        let mut sum = 0.0;
        let reached = kept.iter().copied().find(|logit| {
            sum += mass(*logit);
            sum >= wanted
        });
        least = reached.unwrap_or(least);
    }
    if output.min_p > 0.0 {
        least = least.max((f64::from(largest) + f64::from(output.min_p).ln()) as f32);
    }
    least.max(f32::MIN)
}
