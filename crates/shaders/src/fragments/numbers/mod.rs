//! Floats of 16 bits in words, as `pack_pair.wgsl` writes them.

use half::{bf16, f16};

/// The bits of a value as f16; what f16 can't hold becomes the largest that it can.
pub(crate) fn half_bits(value: f32) -> u16 {
    f16::from_f32(value.clamp(-65504.0, 65504.0)).to_bits()
}

/// One of the two halves in a word.
pub(crate) fn half_of(word: u32, index: usize) -> f32 {
    f16::from_bits((word >> (16 * index)) as u16).to_f32()
}

/// One of the two upper halves of an f32 in a word.
pub(crate) fn upper_half_of(word: u32, index: usize) -> f32 {
    bf16::from_bits((word >> (16 * index)) as u16).to_f32()
}
