//! The ranges of values that sampling options can have.

use crate::{Error, Result};

/// The range of values of a sampling option, from 0 up, with its description.
#[derive(Clone, Copy, Debug)]
pub struct SamplingRange {
    option: &'static str,
    most: f32,
    /// The range in words, such as `from 0 to 1`.
    pub expected: &'static str,
}

impl SamplingRange {
    /// The range of [`GenerateOptions::temperature`](super::GenerateOptions::temperature).
    pub const TEMPERATURE: Self = Self { option: "temperature", most: f32::MAX, expected: "0 or above" };
    /// The range of [`GenerateOptions::top_p`](super::GenerateOptions::top_p).
    pub const TOP_P: Self = Self { option: "top-p", most: 1.0, expected: "from 0 to 1" };
    /// The range of [`GenerateOptions::min_p`](super::GenerateOptions::min_p).
    pub const MIN_P: Self = Self { option: "min-p", most: 1.0, expected: "from 0 to 1" };

    /// True where `value` lies in the range; NaN lies in none.
    #[must_use]
    pub fn holds(self, value: f32) -> bool {
        (0.0..=self.most).contains(&value)
    }

    /// Refuses a value outside the range.
    ///
    /// # Errors
    /// [`Error::InvalidOption`].
    pub(super) fn check(self, value: f32) -> Result<()> {
        if self.holds(value) {
            return Ok(());
        }
        let Self { option, expected, .. } = self;
        Err(Error::InvalidOption { option: option.to_owned(), value: value.to_string(), expected: expected.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::SamplingRange;

    #[test]
    fn a_range_has_its_ends_and_no_nan_or_infinity() {
        for (range, inside, outside) in [
            (SamplingRange::TEMPERATURE, [0.0, 0.5, 100.0], [-0.1, f32::NAN, f32::INFINITY]),
            (SamplingRange::TOP_P, [0.0, 0.5, 1.0], [-0.1, f32::NAN, 1.1]),
            (SamplingRange::MIN_P, [0.0, 0.5, 1.0], [-0.1, f32::NAN, 1.1]),
        ] {
            assert!(inside.into_iter().all(|value| range.check(value).is_ok()), "{range:?}");
            assert!(outside.into_iter().all(|value| range.check(value).is_err()), "{range:?}");
        }
    }
}
