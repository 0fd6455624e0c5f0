//! Converts rows of a tensor from one type to another, on the CPU.

use half::f16;
use wgslm_shaders::cpu::{quantise_row, weight_row};
use wgslm_shaders::{WeightFormat, WeightLayout};

use crate::gguf::{PackedRows, TensorType, floats, groups_in};

/// Converts rows of one type to another.
#[derive(Clone, Copy, Debug)]
pub struct Conversion {
    from: TensorType,
    to: TensorType,
    row_length: usize,
}

impl Conversion {
    /// A conversion from any type that can be run to F32, F16, Q8_0 or Q4_0; `None` for other targets and where both types are
    /// the same. Rows have `row_length` weights, a multiple of 32 for quantised types.
    pub fn new(from: TensorType, to: TensorType, row_length: usize) -> Option<Self> {
        let known = matches!(to, TensorType::F32 | TensorType::F16 | TensorType::Q8_0 | TensorType::Q4_0);
        (from != to && known).then_some(Self { from, to, row_length })
    }

    /// The number of bytes of a converted row.
    pub fn row_bytes(&self) -> usize {
        self.row_length / self.to.block_len() * self.to.block_bytes()
    }

    /// Converts whole rows.
    pub fn rows(&self, bytes: &[u8]) -> Vec<u8> {
        let row_bytes = self.row_length / self.from.block_len() * self.from.block_bytes();
        let mut converted = Vec::with_capacity(bytes.len() / row_bytes.max(1) * self.row_bytes());
        for row in bytes.chunks_exact(row_bytes.max(1)) {
            self.append(&self.values(row), &mut converted);
        }
        converted
    }

    fn values(&self, row: &[u8]) -> Vec<f32> {
        floats(self.from, row).unwrap_or_else(|| {
            let groups = groups_in(self.row_length);
            let mut packed = PackedRows::new(self.from, 1, groups, 1);
            packed.pack(0, row);
            let layout = WeightLayout { format: packed.format, interleave: 1 };
            let mut values = weight_row(layout, &packed.codes, &packed.scales, 0, groups);
            values.truncate(self.row_length);
            values
        })
    }

    fn append(&self, values: &[f32], bytes: &mut Vec<u8>) {
        match self.to {
            TensorType::F32 => bytes.extend(values.iter().flat_map(|value| value.to_le_bytes())),
            TensorType::F16 => bytes.extend(values.iter().flat_map(|value| half_of(*value).to_le_bytes())),
            TensorType::Q8_0 => append_blocks(WeightFormat::Q8_0, values, bytes),
            _ => append_blocks(WeightFormat::Q4_0, values, bytes),
        }
    }
}

/// Appends blocks of an f16 scale and a group's codes: GGUF has the codes of Q8_0 and Q4_0 in the order that the kernels read.
fn append_blocks(format: WeightFormat, values: &[f32], bytes: &mut Vec<u8>) {
    let row = quantise_row(format, values);
    for (scale, codes) in row.scales.iter().zip(&row.codes) {
        bytes.extend(half_of(*scale).to_le_bytes());
        bytes.extend(codes.iter().take(format.code_words()).flat_map(|word| word.to_le_bytes()));
    }
}

/// The nearest f16; finite values beyond its range become the largest f16 rather than infinite.
fn half_of(value: f32) -> f16 {
    f16::from_f32(if value.is_finite() { value.clamp(-65504.0, 65504.0) } else { value })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_of_a_quantised_row_are_what_it_means() {
        let values: Vec<f32> = (0..64).map(|i| (i as f32 - 30.0) / 8.0).collect();
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        for (to, tolerance) in [(TensorType::F16, 0.0), (TensorType::Q8_0, 0.02), (TensorType::Q4_0, 0.52)] {
            let there = Conversion::new(TensorType::F32, to, 64).expect("it's another type");
            let converted = there.rows(&bytes);
            assert_eq!(converted.len(), there.row_bytes(), "{to}");
            let back = Conversion::new(to, TensorType::F32, 64).expect("it's another type").rows(&converted);
            let found = floats(TensorType::F32, &back).expect("they are");
            for (found, value) in found.iter().zip(&values) {
                assert!((found - value).abs() <= tolerance, "{to}: {found} instead of {value}");
            }
        }
        assert!(Conversion::new(TensorType::F32, TensorType::F32, 64).is_none());
    }

    #[test]
    fn nothing_becomes_infinite_that_was_not() {
        for (value, half) in [(1e6, 65504.0), (-1e6, -65504.0), (f32::INFINITY, f32::INFINITY)] {
            assert_eq!(half_of(value).to_f32(), half);
        }
        assert!(half_of(f32::NAN).is_nan());
    }
}
