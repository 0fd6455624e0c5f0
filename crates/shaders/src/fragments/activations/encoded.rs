//! Activations as `quantise_f16.wgsl` and `quantise_codes.wgsl` encode them.

use half::f16;

use crate::Encoding;
use crate::format::GROUP;
use crate::fragments::numbers::half_bits;
use crate::resources::Resources;

/// The smallest magnitude that counts: a 127th of a smaller one would underflow.
const SMALLEST: f32 = 1e-35;

/// A group in codes up to `most`: its scale, and the codes.
fn quantised(values: &[f32], most: i32) -> (f32, Vec<i32>) {
    let largest = values.iter().fold(0.0f32, |largest, value| largest.max(value.abs()));
    if largest < SMALLEST {
        return (0.0, vec![0; values.len()]);
    }
    let inverse = most as f32 / largest;
    (largest / most as f32, values.iter().map(|value| (value * inverse).round_ties_even() as i32).collect())
}

/// The bytes of a code in the planes of its encoding: itself, or its high byte and its low one, all signed.
fn bytes_of_code(encoding: Encoding, code: i32) -> impl Iterator<Item = i8> {
    let high = (code + 128) >> 8;
    let bytes = if encoding == Encoding::Int16 { [high, code - 256 * high] } else { [code, 0] };
    bytes.into_iter().map(|byte| byte as i8).take((encoding.group_bytes() / 32) as usize)
}

/// The place in `codes_x` of a byte of value `i` of a row.
fn place(encoding: Encoding, row: usize, groups: usize, i: usize, plane: usize) -> usize {
    let (group, half, within) = (i / GROUP, i % GROUP / (GROUP / 2), i % (GROUP / 2));
    let quads = encoding.group_bytes() as usize / 16;
    ((row * quads + 2 * plane + half) * groups + group) * GROUP / 2 + within
}

/// Writes rows, whose values are given in their order, to the codes and the scales of these names.
pub(crate) fn write_encoded(
    encoding: Encoding,
    rows: &[Vec<f32>],
    (codes, scales): (&'static str, &'static str),
    resources: &mut Resources,
) {
    match encoding {
        Encoding::F16 => resources.update(codes, |_, codes: &mut [u16]| {
            for (code, value) in codes.iter_mut().zip(rows.iter().flatten()) {
                *code = half_bits(*value);
            }
        }),
        Encoding::Int8 | Encoding::Int16 => write_quantised(encoding, rows, (codes, scales), resources),
    }
}

fn write_quantised(
    encoding: Encoding,
    rows: &[Vec<f32>],
    (codes, scales): (&'static str, &'static str),
    resources: &mut Resources,
) {
    let most = encoding.largest_code().unwrap_or_default();
    resources.update(codes, |_, bytes: &mut [i8]| {
        for (row, values) in rows.iter().enumerate() {
            let codes = values.chunks(GROUP).flat_map(|values| quantised(values, most).1);
            for (i, code) in codes.enumerate() {
                for (plane, byte) in bytes_of_code(encoding, code).enumerate() {
                    bytes[place(encoding, row, values.len() / GROUP, i, plane)] = byte;
                }
            }
        }
    });
    resources.update(scales, |_, scales: &mut [[f32; 2]]| {
        for (place, values) in scales.iter_mut().zip(rows.iter().flat_map(|row| row.chunks(GROUP))) {
            let (scale, codes) = quantised(values, most);
            *place = [scale, scale * codes.iter().sum::<i32>() as f32];
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
        Encoding::Int8 | Encoding::Int16 => {
            let (bytes, scales) = (resources.get::<i8>("codes_x"), resources.get::<[f32; 2]>("scales_x"));
            let byte = |i: usize, plane: usize| i32::from(bytes[place(encoding, row, groups, i, plane)]);
            let code = |i: usize| match encoding {
                Encoding::Int16 => 256 * byte(i, 0) + byte(i, 1),
                _ => byte(i, 0),
            };
            (0..width).map(|i| scales[row * groups + i / GROUP][0] * code(i) as f32).collect()
        }
    }
}
