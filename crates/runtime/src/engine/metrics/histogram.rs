//! Histograms with bounded memory and a bounded relative error.

use std::time::Duration;

/// Buckets between two powers of two, as a power of two: a bucket is at most 1/32 of its values wide, and its middle within 1.6 %
/// of each of them.
const PRECISION: u32 = 5;
/// The largest value with a bucket of its own: 73 minutes, in ns.
const LARGEST: u64 = (1 << 42) - 1;

/// A histogram of whole numbers, or of durations in nanoseconds: a bucket for each number below 64, and from there 32 buckets
/// between two powers of two. Holds at most 9.5 KiB of counts.
// Our own: the buckets take ten lines, and the crate `histogram` has the same ones without a sum and a maximum.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Histogram {
    /// Values by bucket, up to the bucket of the largest.
    counts: Vec<u64>,
    count: u64,
    sum: u64,
    max: u64,
}

impl Histogram {
    /// Counts a value. One above 73 minutes in ns is counted as that in quantiles.
    pub(super) fn record(&mut self, value: u64) {
        let bucket = bucket(value.min(LARGEST));
        self.grow(bucket + 1);
        self.counts[bucket] += 1;
        self.count += 1;
        self.sum = self.sum.saturating_add(value);
        self.max = self.max.max(value);
    }

    /// Counts a duration, in ns.
    pub(super) fn record_duration(&mut self, duration: Duration) {
        self.record(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX));
    }

    /// Adds the values of `other`.
    pub(super) fn merge(&mut self, other: &Self) {
        self.grow(other.counts.len());
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
        self.count += other.count;
        self.sum = self.sum.saturating_add(other.sum);
        self.max = self.max.max(other.max);
    }

    /// The value that the share `q` of all values doesn't exceed; 0 where there are none.
    pub(super) fn quantile(&self, q: f64) -> f64 {
        let rank = ((q * self.count as f64).ceil() as u64).clamp(1, self.count.max(1));
        let mut below = 0;
        for (bucket, count) in self.counts.iter().enumerate() {
            below += count;
            if below >= rank {
                return middle(bucket).min(self.max as f64);
            }
        }
        0.0
    }

    /// The number of values.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// The sum of all values.
    pub(super) fn sum(&self) -> u64 {
        self.sum
    }

    /// The largest value; 0 where there are none.
    pub(super) fn max(&self) -> u64 {
        self.max
    }

    fn grow(&mut self, buckets: usize) {
        if self.counts.len() < buckets {
            self.counts.resize(buckets, 0);
        }
    }
}

/// The bucket of a value: the power of two below it, followed by the bits of the value that come next.
fn bucket(value: u64) -> usize {
    let dropped = value.max(1 << PRECISION).ilog2() - PRECISION;
    ((u64::from(dropped) << PRECISION) + (value >> dropped)) as usize
}

/// The value in the middle of a bucket.
fn middle(bucket: usize) -> f64 {
    let dropped = (bucket >> PRECISION).saturating_sub(1);
    let width = 1_u64 << dropped;
    let first = (bucket - (dropped << PRECISION)) as u64 * width;
    first as f64 + (width - 1) as f64 / 2.0
}

#[cfg(test)]
mod tests {
    use wgslm_testing::random::Random;

    use super::*;

    const MICROSECOND: f64 = 1e3;
    const HOUR: f64 = 3.6e12;

    fn of(values: &[u64]) -> Histogram {
        let mut histogram = Histogram::default();
        values.iter().for_each(|value| histogram.record(*value));
        histogram
    }

    /// Durations in ns of several shapes, all from 1 us to 1 hour.
    fn distributions() -> Vec<(&'static str, Vec<u64>)> {
        let mut random = Random::new(12);
        let mut unit = move || (random.bits() >> 11) as f64 / (1_u64 << 53) as f64;
        let mut draw = |shape: &dyn Fn(f64) -> f64| -> Vec<u64> {
            (0..20_000).map(|_| shape(unit()).clamp(MICROSECOND, HOUR) as u64).collect()
        };
        vec![
            ("uniform", draw(&|u| u * 1e9)),
            ("uniform in its logarithm", draw(&|u| MICROSECOND * (HOUR / MICROSECOND).powf(u))),
            ("exponential", draw(&|u| -2e7 * (1.0 - u).ln())),
            ("two peaks", draw(&|u| if u < 0.9 { 1e6 + u * 1e5 } else { 3e8 + u * 1e7 })),
            ("a long tail", draw(&|u| 1e5 * (1.0 - u).powf(-1.5))),
            ("one value, at the start of its bucket", draw(&|_| f64::from(1 << 27))),
        ]
    }

    #[test]
    fn quantiles_are_within_their_error_of_exact_ones() {
        for (name, mut values) in distributions() {
            let histogram = of(&values);
            values.sort_unstable();
            for q in [0.0, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 1.0] {
                let rank = ((q * values.len() as f64).ceil() as usize).max(1);
                let exact = values[rank - 1] as f64;
                let found = histogram.quantile(q);
                assert!((found - exact).abs() <= 0.016 * exact, "{name}, {q}: {found} for {exact}");
                assert!(found <= histogram.max() as f64, "{name}, {q}: {found}");
            }
            assert_eq!(histogram.count(), values.len() as u64, "{name}");
            assert_eq!(histogram.sum(), values.iter().sum::<u64>(), "{name}");
            assert_eq!(histogram.max(), values[values.len() - 1], "{name}");
        }
    }

    #[test]
    fn small_numbers_are_exact() {
        let histogram = of(&(1..64).collect::<Vec<_>>());
        for value in 1..64 {
            assert_eq!(histogram.quantile(f64::from(value) / 63.0), f64::from(value));
        }
    }

    #[test]
    fn merged_histograms_equal_one_of_all_values() {
        let all: Vec<u64> = distributions().into_iter().flat_map(|(_, values)| values).collect();
        let mut merged = Histogram::default();
        for (_, values) in distributions() {
            merged.merge(&of(&values));
        }
        merged.merge(&Histogram::default());
        assert_eq!(merged, of(&all));
    }

    #[test]
    fn an_empty_histogram_is_all_zero() {
        let empty = Histogram::default();
        assert_eq!((empty.count(), empty.sum(), empty.max()), (0, 0, 0));
        assert!([0.0, 0.5, 1.0, f64::NAN].into_iter().all(|q| empty.quantile(q) == 0.0));
    }

    #[test]
    fn any_value_is_taken_in_bounded_memory() {
        let mut histogram = of(&[0, 1, LARGEST, LARGEST + 1, u64::MAX]);
        histogram.record_duration(Duration::MAX);
        assert_eq!((histogram.count(), histogram.max(), histogram.sum()), (6, u64::MAX, u64::MAX));
        assert!(histogram.counts.len() * size_of::<u64>() <= 9728);
        assert_eq!(histogram.quantile(0.1), 0.0);
        assert!((histogram.quantile(1.0) / LARGEST as f64 - 1.0).abs() < 0.016);
        assert_eq!(histogram.quantile(f64::NAN), 0.0);
    }
}
