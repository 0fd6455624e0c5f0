use super::Resources;
use crate::Quantise;
use crate::format::{GROUP, plane_index};

/// What is smaller counts as zero: a 127th of it would underflow.
const SMALLEST: f32 = 1e-35;

/// A group in codes: its scale, and the codes.
fn quantised(values: &[f32]) -> (f32, Vec<i8>) {
    let largest = values.iter().fold(0.0f32, |largest, value| largest.max(value.abs()));
    if largest < SMALLEST {
        return (0.0, vec![0; values.len()]);
    }
    let inverse = 127.0 / largest;
    (largest / 127.0, values.iter().map(|value| (value * inverse).round_ties_even() as i8).collect())
}

/// Writes rows, whose values are given in their order, to `codes_x` and `scales_x`.
pub(super) fn write_quantised(rows: &[Vec<f32>], resources: &mut Resources) {
    resources.update("codes_x", |_, codes: &mut [i8]| {
        for (row, values) in rows.iter().enumerate() {
            let groups = values.len() / GROUP;
            for (group, values) in values.chunks(GROUP).enumerate() {
                for (half, codes_of_half) in quantised(values).1.chunks(GROUP / 2).enumerate() {
                    let first = ((row * 2 + half) * groups + group) * GROUP / 2;
                    codes[first..first + GROUP / 2].copy_from_slice(codes_of_half);
                }
            }
        }
    });
    resources.update("scales_x", |_, scales: &mut [[f32; 2]]| {
        for (place, values) in scales.iter_mut().zip(rows.iter().flat_map(|row| row.chunks(GROUP))) {
            let (scale, codes) = quantised(values);
            *place = [scale, scale * codes.iter().map(|code| f32::from(*code)).sum::<f32>()];
        }
    });
}

/// Row `row` of quantised activations of `groups` groups a row, dequantised, in its order.
#[must_use]
pub fn activation_row(codes: &[i8], scales: &[[f32; 2]], row: usize, groups: usize) -> Vec<f32> {
    (0..groups * GROUP)
        .map(|i| {
            let (group, half, within) = (i / GROUP, i % GROUP / (GROUP / 2), i % (GROUP / 2));
            let code = codes[((row * 2 + half) * groups + group) * GROUP / 2 + within];
            scales[row * groups + group][0] * f32::from(code)
        })
        .collect()
}

/// `codes_x`, `scales_x` = `x`.
pub(crate) fn quantise(params: &Quantise, count: usize, resources: &mut Resources) {
    let groups = params.groups as usize;
    let x = resources.get::<f32>("x");
    let row = |row: usize| {
        let values = &x[row * params.x_stride as usize * 4..];
        (0..groups * GROUP).map(|i| values[plane_index(i, groups)]).collect()
    };
    let rows: Vec<Vec<f32>> = (0..count).map(row).collect();
    write_quantised(&rows, resources);
}
