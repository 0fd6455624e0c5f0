use super::bounds::{Bounds, logit_of};
use super::truncate_reference::mass;
use crate::resources::Resources;
use crate::{Output, Sample};

/// Leaves, of the tokens with XTC's share of the probability of what is left, the least likely.
pub(crate) fn xtc(params: &Sample, count: usize, resources: &mut Resources) {
    let outputs = resources.get::<Output>("outputs")[..count].to_vec();
    for (index, output) in outputs.iter().enumerate().filter(|(_, output)| output.has_xtc()) {
        let keys: Vec<u32> = params.keys(resources, (index, output)).into_iter().filter(|key| *key > 0).collect();
        let largest = logit_of(keys.iter().copied().max().unwrap_or(0));
        let sum: f64 = keys.iter().map(|key| mass(logit_of(*key), largest)).sum();
        let likely = |key: &u32| mass(logit_of(*key), largest) >= f64::from(output.xtc_threshold) * sum;
        if let Some(least) = keys.into_iter().filter(likely).min() {
            resources.update("bounds", |_, bounds: &mut [Bounds]| {
                bounds[index].greatest = bounds[index].greatest.min(least);
            });
        }
    }
}
