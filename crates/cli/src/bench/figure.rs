//! The statistics of repeated measurements.

use serde::Serialize;

/// Median, range and samples of one measured quantity.
#[derive(Debug, Serialize)]
pub(super) struct Figure {
    /// The middle sample or, of an even number of samples, the mean of the middle two.
    pub(super) median: f64,
    pub(super) min: f64,
    pub(super) max: f64,
    /// All samples, in the order in which they were measured.
    pub(super) samples: Vec<f64>,
}

impl Figure {
    pub(super) fn new(samples: Vec<f64>) -> Self {
        let mut sorted = samples.clone();
        sorted.sort_by(f64::total_cmp);
        let at = |index: usize| sorted.get(index).copied().unwrap_or(0.0);
        let (below, above) = (sorted.len().saturating_sub(1) / 2, sorted.len() / 2);
        Self { median: (at(below) + at(above)) / 2.0, min: at(0), max: at(sorted.len().saturating_sub(1)), samples }
    }
}

/// The values that certain shares of samples don't exceed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(super) struct Quantiles {
    pub(super) p50: f64,
    pub(super) p95: f64,
    pub(super) p99: f64,
}

impl Quantiles {
    /// The quantiles of samples: each is one of them, or 0 where there are none.
    pub(super) fn of(mut samples: Vec<f64>) -> Self {
        samples.sort_by(f64::total_cmp);
        let at = |percent: usize| {
            let rank = (percent * samples.len()).div_ceil(100);
            samples.get(rank.saturating_sub(1)).copied().unwrap_or(0.0)
        };
        Self { p50: at(50), p95: at(95), p99: at(99) }
    }
}

#[cfg(test)]
mod tests {
    use super::{Figure, Quantiles};

    #[test]
    fn the_median_is_in_the_middle() {
        for (samples, median, min, max) in [
            (vec![3.0, 1.0, 2.0], 2.0, 1.0, 3.0),
            (vec![4.0, 1.0, 2.0, 10.0], 3.0, 1.0, 10.0),
            (vec![5.0], 5.0, 5.0, 5.0),
        ] {
            let figure = Figure::new(samples.clone());
            assert_eq!((figure.median, figure.min, figure.max), (median, min, max));
            assert_eq!(figure.samples, samples, "in their order");
        }
    }

    #[test]
    fn quantiles_are_samples() {
        let up_to = |last: u32| (1..=last).rev().map(f64::from).collect();
        for (samples, p50, p95, p99) in [
            (vec![], 0.0, 0.0, 0.0),
            (up_to(1), 1.0, 1.0, 1.0),
            (up_to(4), 2.0, 4.0, 4.0),
            (up_to(200), 100.0, 190.0, 198.0),
        ] {
            assert_eq!(Quantiles::of(samples), Quantiles { p50, p95, p99 });
        }
    }
}
