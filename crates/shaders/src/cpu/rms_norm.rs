use super::Resources;
use crate::{Output, RmsNorm, Variant};

/// `y = x / sqrt(mean(x^2) + epsilon) * weight`, of the rows in order or of those that the outputs name.
pub(crate) fn rms_norm(params: &RmsNorm, variant: &Variant, count: usize, resources: &mut Resources) {
    let (width, stride) = (params.width as usize, params.stride as usize);
    resources.update("y", |resources, y: &mut [f32]| {
        let weight = resources.get::<f32>("weight");
        for row in 0..count {
            let source = if variant.gather { resources.get::<Output>("outputs")[row].row as usize } else { row };
            let x = &resources.get::<f32>("x")[source * stride..][..width];
            let squares: f64 = x.iter().map(|value| f64::from(*value).powi(2)).sum();
            let root = (squares / width as f64 + f64::from(params.epsilon)).sqrt();
            for i in 0..width {
                y[row * stride + i] = (f64::from(x[i]) / root) as f32 * weight[i];
            }
        }
    });
}
