//! A number measured several times.

use serde::Serialize;

/// What several measurements of a number gave.
#[derive(Debug, Serialize)]
pub(super) struct Figure {
    /// The one in the middle or, of an even number, the mean of the two there.
    pub(super) median: f64,
    pub(super) min: f64,
    pub(super) max: f64,
    /// All of them, in the order in which they were measured.
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

#[cfg(test)]
mod tests {
    use super::Figure;

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
}
