use crate::Route;
use crate::resources::Resources;

/// The experts of the largest logits, and their softmax.
pub(crate) fn route(params: &Route, count: usize, resources: &mut Resources) {
    let used = params.used as usize;
    let chosen = |resources: &Resources, row: usize| {
        let logits = &resources.get::<f32>("logits")[row * params.stride as usize..][..params.experts as usize];
        let mut order: Vec<usize> = (0..logits.len()).collect();
        // Zeros are equal whatever their sign.
        order.sort_by(|a, b| (logits[*b] + 0.0).total_cmp(&(logits[*a] + 0.0)));
        order.truncate(used);
        let weights: Vec<f64> = order.iter().map(|e| f64::from(logits[*e] - logits[order[0]]).exp()).collect();
        let total: f64 = weights.iter().sum();
        (order, weights.into_iter().map(move |weight| (weight / total) as f32))
    };
    resources.update("experts", |resources, experts: &mut [u32]| {
        for (row, experts) in experts.chunks_mut(used).take(count).enumerate() {
            experts.iter_mut().zip(chosen(resources, row).0).for_each(|(place, expert)| *place = expert as u32);
        }
    });
    resources.update("weights", |resources, weights: &mut [f32]| {
        for (row, weights) in weights.chunks_mut(used).take(count).enumerate() {
            weights.iter_mut().zip(chosen(resources, row).1).for_each(|(place, weight)| *place = weight);
        }
    });
}
