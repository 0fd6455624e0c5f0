use super::Resources;
use super::quantise::write_encoded;
use crate::format::{GROUP, plane_index};
use crate::{Output, RmsNorm, Variant};

/// `x / sqrt(mean(x^2) + epsilon)`, the mean being over `width` values.
pub(super) fn normalised(x: &[f64], width: usize, epsilon: f32) -> impl Iterator<Item = f64> {
    let squares: f64 = x.iter().map(|value| value * value).sum();
    let root = (squares / width as f64 + f64::from(epsilon)).sqrt();
    x.iter().map(move |value| value / root)
}

/// `y = x / sqrt(mean(x^2) + epsilon) * weight`, of the rows in order or of those that the outputs name.
pub(crate) fn rms_norm(params: &RmsNorm, variant: &Variant, count: usize, resources: &mut Resources) {
    let (groups, stride) = (params.groups as usize, params.stride as usize * 4);
    // In planes, as all that it's made of is.
    let row = |row: usize| -> Vec<f32> {
        let source = if variant.gather { resources.get::<Output>("outputs")[row].row as usize } else { row };
        let x = &resources.get::<f32>("x")[source * stride..][..groups * GROUP];
        let x: Vec<f64> = x.iter().copied().map(f64::from).collect();
        let weight = resources.get::<f32>("weight");
        normalised(&x, params.width as usize, params.epsilon).zip(weight).map(|(x, weight)| x as f32 * weight).collect()
    };
    let rows: Vec<Vec<f32>> = (0..count).map(row).collect();
    if let Some(encoding) = variant.encoding {
        let in_order = |row: &Vec<f32>| (0..groups * GROUP).map(|i| row[plane_index(i, groups)]).collect();
        return write_encoded(encoding, &rows.iter().map(in_order).collect::<Vec<_>>(), resources);
    }
    resources.update("y", |_, y: &mut [f32]| {
        for (row, values) in rows.iter().enumerate() {
            y[row * stride..][..values.len()].copy_from_slice(values);
        }
    });
}
