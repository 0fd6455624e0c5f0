use crate::format::{GROUP, plane_index};
use crate::fragments::activations::write_encoded;
use crate::resources::Resources;
use crate::{Encoding, Quantise};

/// `codes_x`, `scales_x` = `x`.
pub(crate) fn quantise(params: &Quantise, encoding: Encoding, count: usize, resources: &mut Resources) {
    let groups = params.groups as usize;
    let x = resources.get::<f32>("x");
    let row = |row: usize| {
        let values = &x[row * params.x_stride as usize * 4..];
        (0..groups * GROUP).map(|i| values[plane_index(i, groups)]).collect()
    };
    let rows: Vec<Vec<f32>> = (0..count).map(row).collect();
    write_encoded(encoding, &rows, resources);
}
