//! Floats of 16 bits in words, as `pack_pair.wgsl` writes them, and random numbers, as `random.wgsl` makes them.

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

/// 32 random bits that depend on a seed, a step and an index alone.
#[must_use]
pub fn random(seed: u32, step: u32, index: u32) -> u32 {
    pcg(index ^ pcg(step ^ pcg(seed)))
}

/// The output function of PCG on a linear congruential step.
fn pcg(value: u32) -> u32 {
    let state = value.wrapping_mul(747_796_405).wrapping_add(2_891_336_453);
    let word = ((state >> ((state >> 28) + 4)) ^ state).wrapping_mul(277_803_737);
    (word >> 22) ^ word
}
