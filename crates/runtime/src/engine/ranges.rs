//! The ranges of values that sampling options can have.

use crate::{Error, Result};

/// The range of values of a sampling option, with its description.
#[derive(Clone, Copy, Debug)]
pub struct SamplingRange {
    option: &'static str,
    least: f32,
    most: f32,
    /// The range in words, such as `from 0 to 1`.
    pub expected: &'static str,
}

impl SamplingRange {
    /// The range of [`GenerateOptions::temperature`](super::GenerateOptions::temperature).
    pub const TEMPERATURE: Self = Self { expected: "0 or above", ..Self::of("temperature", 0.0, f32::MAX) };
    /// The range of [`GenerateOptions::typical_p`](super::GenerateOptions::typical_p).
    pub const TYPICAL_P: Self = Self::of("typical-p", 0.0, 1.0);
    /// The range of [`GenerateOptions::top_p`](super::GenerateOptions::top_p).
    pub const TOP_P: Self = Self::of("top-p", 0.0, 1.0);
    /// The range of [`GenerateOptions::min_p`](super::GenerateOptions::min_p).
    pub const MIN_P: Self = Self::of("min-p", 0.0, 1.0);
    /// The range of [`GenerateOptions::xtc_probability`](super::GenerateOptions::xtc_probability).
    pub const XTC_PROBABILITY: Self = Self::of("xtc-probability", 0.0, 1.0);
    /// The range of [`GenerateOptions::xtc_threshold`](super::GenerateOptions::xtc_threshold).
    pub const XTC_THRESHOLD: Self = Self::of("xtc-threshold", 0.0, 1.0);
    /// The range of [`GenerateOptions::repetition_penalty`](super::GenerateOptions::repetition_penalty).
    pub const REPETITION_PENALTY: Self =
        Self { expected: "from 0.01 to 100", ..Self::of("repetition penalty", 0.01, 100.0) };
    /// The range of [`GenerateOptions::frequency_penalty`](super::GenerateOptions::frequency_penalty).
    pub const FREQUENCY_PENALTY: Self =
        Self { expected: "from -100 to 100", ..Self::of("frequency penalty", -100.0, 100.0) };
    /// The range of [`GenerateOptions::presence_penalty`](super::GenerateOptions::presence_penalty).
    pub const PRESENCE_PENALTY: Self =
        Self { expected: "from -100 to 100", ..Self::of("presence penalty", -100.0, 100.0) };
    /// The range of [`GenerateOptions::dry_multiplier`](super::GenerateOptions::dry_multiplier).
    pub const DRY_MULTIPLIER: Self = Self { expected: "from 0 to 100", ..Self::of("DRY multiplier", 0.0, 100.0) };
    /// The range of [`GenerateOptions::dry_base`](super::GenerateOptions::dry_base).
    pub const DRY_BASE: Self = Self { expected: "from 1 to 100", ..Self::of("DRY base", 1.0, 100.0) };
    /// The range of a value of [`GenerateOptions::logit_bias`](super::GenerateOptions::logit_bias).
    pub const LOGIT_BIAS: Self =
        Self { expected: "at most 1000, or -inf", ..Self::of("logit bias", f32::NEG_INFINITY, 1000.0) };

    /// A range that is described as from 0 to 1.
    const fn of(option: &'static str, least: f32, most: f32) -> Self {
        Self { option, least, most, expected: "from 0 to 1" }
    }

    /// True where `value` lies in the range; NaN lies in none.
    #[must_use]
    pub fn holds(self, value: f32) -> bool {
        (self.least..=self.most).contains(&value)
    }

    /// Refuses a value outside the range.
    ///
    /// # Errors
    /// [`Error::InvalidOption`].
    pub(super) fn check(self, value: f32) -> Result<()> {
        if self.holds(value) {
            return Ok(());
        }
        Err(invalid(self.option, &value, self.expected))
    }
}

/// The error of an option whose value isn't what is expected.
pub(super) fn invalid(option: &str, value: &impl ToString, expected: &str) -> Error {
    Error::InvalidOption { option: option.to_owned(), value: value.to_string(), expected: expected.to_owned() }
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
            (SamplingRange::REPETITION_PENALTY, [0.01, 1.0, 100.0], [0.0, f32::NAN, 101.0]),
            (SamplingRange::PRESENCE_PENALTY, [-100.0, 0.0, 100.0], [-101.0, f32::NAN, f32::INFINITY]),
            (SamplingRange::DRY_BASE, [1.0, 1.75, 100.0], [0.5, f32::NAN, f32::INFINITY]),
            (SamplingRange::LOGIT_BIAS, [f32::NEG_INFINITY, 0.0, 1000.0], [1001.0, f32::NAN, f32::INFINITY]),
        ] {
            assert!(inside.into_iter().all(|value| range.check(value).is_ok()), "{range:?}");
            assert!(outside.into_iter().all(|value| range.check(value).is_err()), "{range:?}");
        }
    }
}
