//! Deterministic random values.

use wgslm_shaders::format::{GROUP, plane_index};

/// The tests' generator, for what kernels take.
pub(crate) struct Random(wgslm_testing::random::Random);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(wgslm_testing::random::Random::new(seed))
    }

    pub(crate) fn word(&mut self) -> u32 {
        (self.0.next() >> 32) as u32
    }

    /// Values between -1 and 1, none of them zero.
    pub(crate) fn values(&mut self, length: usize) -> Vec<f32> {
        (0..length).map(|_| ((self.word() >> 9) as f32 + 0.5) / (1 << 22) as f32 - 1.0).collect()
    }

    /// A pair of f16 between 2^-6 and 1 of either sign: subnormal ones a device may flush to zero.
    pub(crate) fn halves(&mut self) -> u32 {
        let mut half = || {
            let word = self.word();
            (word & 0x83ff) | (9 + (word >> 16) % 6) << 10
        };
        half() | half() << 16
    }

    /// The numbers below `length`, shuffled.
    pub(crate) fn shuffled(&mut self, length: usize) -> Vec<u32> {
        let mut numbers: Vec<u32> = (0..length as u32).collect();
        for last in (1..length).rev() {
            numbers.swap(last, self.word() as usize % (last + 1));
        }
        numbers
    }
}

/// `rows` rows of random values, `width` of them in each `stride`; what is between holds `gap`.
pub(crate) fn strided(random: &mut Random, rows: usize, width: usize, stride: usize, gap: f32) -> Vec<f32> {
    let mut values = vec![gap; rows * stride];
    for row in values.chunks_mut(stride) {
        row[..width].copy_from_slice(&random.values(width));
    }
    values
}

/// `rows` rows of random values in planes, `width` of them in each `stride`: zeros up to the whole group, then `gap`.
pub(crate) fn in_planes(random: &mut Random, rows: usize, width: usize, stride: usize, gap: f32) -> Vec<f32> {
    let groups = width.div_ceil(GROUP);
    let mut values = vec![gap; rows * stride];
    for row in values.chunks_mut(stride) {
        row[..groups * GROUP].fill(0.0);
        for (i, value) in random.values(width).into_iter().enumerate() {
            row[plane_index(i, groups)] = value;
        }
    }
    values
}
