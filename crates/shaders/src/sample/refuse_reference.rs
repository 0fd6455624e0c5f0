use crate::resources::Resources;
use crate::{Output, Sample};

/// Marks the outputs whose mask refuses the token that truncation has led to.
pub(crate) fn refuse(params: &Sample, count: usize, resources: &mut Resources) {
    resources.update("outputs", |resources, outputs: &mut [Output]| {
        let sampled = resources.get::<u32>("sampled");
        for output in outputs[..count].iter_mut().filter(|output| output.truncates()) {
            let token = sampled[output.sampled as usize];
            let refused = token < params.vocabulary && !params.allowed(resources, output.mask)(token);
            output.refused |= u32::from(refused);
        }
    });
}
