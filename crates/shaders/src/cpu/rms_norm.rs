use super::Resources;
use crate::format::GROUP;
use crate::{Output, RmsNorm, Variant};

/// `x / sqrt(mean(x^2) + epsilon)`, the mean being over `width` values.
pub(super) fn normalised(x: &[f64], width: usize, epsilon: f32) -> impl Iterator<Item = f64> {
    let squares: f64 = x.iter().map(|value| value * value).sum();
    let root = (squares / width as f64 + f64::from(epsilon)).sqrt();
    x.iter().map(move |value| value / root)
}

/// `y = x / sqrt(mean(x^2) + epsilon) * weight`, of the rows in order or of those that the outputs name. The order of the
/// values in a row doesn't matter: it's the same for all three.
pub(crate) fn rms_norm(params: &RmsNorm, variant: &Variant, count: usize, resources: &mut Resources) {
    let (length, stride) = (params.groups as usize * GROUP, params.stride as usize * 4);
    resources.update("y", |resources, y: &mut [f32]| {
        let weight = resources.get::<f32>("weight");
        for row in 0..count {
            let source = if variant.gather { resources.get::<Output>("outputs")[row].row as usize } else { row };
            let x: Vec<f64> =
                resources.get::<f32>("x")[source * stride..][..length].iter().copied().map(f64::from).collect();
            for (i, value) in normalised(&x, params.width as usize, params.epsilon).enumerate() {
                y[row * stride + i] = value as f32 * weight[i];
            }
        }
    });
}
