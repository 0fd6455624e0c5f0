use super::{Resources, weight_row};
use crate::{Linear, Variant};

/// `y = weight * x`.
pub(crate) fn linear(params: &Linear, variant: &Variant, count: usize, resources: &mut Resources) {
    let Some(layout) = variant.weight else { return };
    let groups = params.groups as usize;
    resources.update("y", |resources, y: &mut [f32]| {
        let codes = resources.get::<u32>("codes");
        let scales = if layout.format.has_scales() { resources.get::<u32>("scales") } else { &[] };
        for row in 0..params.rows as usize {
            let weights = weight_row(layout, codes, scales, row, groups);
            for token in 0..count {
                let x = &resources.get::<f32>("x")[token * params.x_stride as usize * 4..][..weights.len()];
                let dot: f64 = weights.iter().zip(x).map(|(w, x)| f64::from(*w) * f64::from(*x)).sum();
                y[token * params.y_stride as usize + params.y_offset as usize + row] = dot as f32;
            }
        }
    });
}
