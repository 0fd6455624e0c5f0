//! Activations as `quantise_f16.wgsl` and `quantise_int8.wgsl` encode them.

use half::f16;

use crate::Encoding;
use crate::format::GROUP;
use crate::fragments::numbers::half_bits;
use crate::resources::Resources;

/// The smallest magnitude that counts: a 127th of a smaller one would underflow.
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
pub(crate) fn write_encoded(encoding: Encoding, rows: &[Vec<f32>], resources: &mut Resources) {
    match encoding {
        Encoding::F16 => resources.update("codes_x", |_, codes: &mut [u16]| {
            for (code, value) in codes.iter_mut().zip(rows.iter().flatten()) {
                *code = half_bits(*value);
            }
        }),
        Encoding::Int8 => write_quantised(rows, resources),
    }
}

fn write_quantised(rows: &[Vec<f32>], resources: &mut Resources) {
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

/// Token `row` of encoded activations of `groups` groups a row, in its order.
#[must_use]
pub fn activation_row(encoding: Encoding, resources: &Resources, row: usize, groups: usize) -> Vec<f32> {
    let width = groups * GROUP;
    match encoding {
        Encoding::F16 => {
            let halves = &resources.get::<u16>("codes_x")[row * width..][..width];
            halves.iter().map(|bits| f16::from_bits(*bits).to_f32()).collect()
        }
        Encoding::Int8 => {
            let (codes, scales) = (resources.get::<i8>("codes_x"), resources.get::<[f32; 2]>("scales_x"));
            let value = |i: usize| {
                let (group, half, within) = (i / GROUP, i % GROUP / (GROUP / 2), i % (GROUP / 2));
                let code = codes[((row * 2 + half) * groups + group) * GROUP / 2 + within];
                scales[row * groups + group][0] * f32::from(code)
            };
            (0..width).map(value).collect()
        }
    }
}
