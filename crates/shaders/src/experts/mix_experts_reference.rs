use crate::MixExperts;
use crate::resources::Resources;

/// Adds the outputs of each row's experts, by their weights.
pub(crate) fn mix_experts(params: &MixExperts, count: usize, resources: &mut Resources) {
    let (used, stride) = (params.used as usize, params.stride as usize * 4);
    resources.update("y", |resources, y: &mut [f32]| {
        let (weights, x) = (resources.get::<f32>("weights"), resources.get::<f32>("x"));
        for (row, y) in y.chunks_mut(stride).take(count).enumerate() {
            for (i, y) in y[..params.quads as usize * 4].iter_mut().enumerate() {
                let of = |route: usize| f64::from(weights[route]) * f64::from(x[route * stride + i]);
                let sum: f64 = (row * used..(row + 1) * used).map(of).sum();
                let before = if params.accumulate > 0 { f64::from(*y) } else { 0.0 };
                *y = (before + f64::from(params.scale) * sum) as f32;
            }
        }
    });
}
