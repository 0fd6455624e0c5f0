//! Random test data from fixed seeds.

use wgslm_shaders::format::{GROUP, plane_index};

/// The tests' random generator, for values that kernels read.
pub(crate) struct Random(wgslm_testing::random::Random);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(wgslm_testing::random::Random::new(seed))
    }

    pub(crate) fn word(&mut self) -> u32 {
        (self.0.bits() >> 32) as u32
    }

    /// Returns values between -1 and 1, none of them zero.
    pub(crate) fn values(&mut self, length: usize) -> Vec<f32> {
        (0..length).map(|_| ((self.word() >> 9) as f32 + 0.5) / (1 << 22) as f32 - 1.0).collect()
    }

    /// Returns a pair of f16 of magnitude 2^-6 to 1 and either sign; none is subnormal, which a device may flush to zero.
    pub(crate) fn halves(&mut self) -> u32 {
        let mut half = || {
            let word = self.word();
            (word & 0x83ff) | (9 + (word >> 16) % 6) << 10
        };
        half() | half() << 16
    }

    /// Returns the numbers below `length` in random order.
    pub(crate) fn shuffled(&mut self, length: usize) -> Vec<u32> {
        let mut numbers: Vec<u32> = (0..length as u32).collect();
        for last in (1..length).rev() {
            numbers.swap(last, self.word() as usize % (last + 1));
        }
        numbers
    }
}

/// `rows` rows of `width` random values, each padded to `stride` with `gap`.
pub(crate) fn strided(random: &mut Random, rows: usize, width: usize, stride: usize, gap: f32) -> Vec<f32> {
    let mut values = vec![gap; rows * stride];
    for row in values.chunks_mut(stride) {
        row[..width].copy_from_slice(&random.values(width));
    }
    values
}

/// `rows` rows of `width` random values in planes, each padded with zeros to whole groups, then to `stride` with `gap`.
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
