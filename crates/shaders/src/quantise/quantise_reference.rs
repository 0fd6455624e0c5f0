use crate::format::{GROUP, plane_index};
use crate::fragments::activations::write_encoded;
use crate::resources::Resources;
use crate::{Encoding, Output, Quantise, QuantiseInput};

/// `codes_x`, `scales_x` = `x`, or `x` times the weights of a norm, with the sums of squares.
pub(crate) fn quantise(
    params: &Quantise,
    (encoding, input): (Encoding, QuantiseInput),
    count: usize,
    resources: &mut Resources,
) {
    let groups = params.groups as usize;
    let x = resources.get::<f32>("x");
    let source = |row: usize| match input {
        QuantiseInput::GatheredNorm => resources.get::<Output>("outputs")[row].token as usize,
        _ => row,
    };
    let row = |row: usize| -> Vec<f32> {
        let values = &x[source(row) * params.x_stride as usize * 4..];
        (0..groups * GROUP).map(|i| values[plane_index(i, groups)]).collect()
    };
    let mut rows: Vec<Vec<f32>> = (0..count).map(row).collect();
    if input == QuantiseInput::AsItIs {
        return write_encoded(encoding, &rows, ("codes_x", "scales_x"), resources);
    }
    let first = params.rows as usize * groups;
    let squares: Vec<f32> = rows.iter().flat_map(|row| row.chunks(GROUP)).map(squares_of).collect();
    let weight = resources.get::<f32>("weight");
    for row in &mut rows {
        row.iter_mut().enumerate().for_each(|(i, value)| *value *= weight[plane_index(i, groups)]);
    }
    write_encoded(encoding, &rows, ("codes_x", "scales_x"), resources);
    resources.update("scales_x", |_, scales: &mut [[f32; 2]]| {
        scales[first..].iter_mut().zip(squares).for_each(|(pair, square)| *pair = [square, 0.0]);
    });
}

/// The sum of the squares of a group.
pub(crate) fn squares_of(group: &[f32]) -> f32 {
    group.iter().map(|value| value * value).sum()
}
