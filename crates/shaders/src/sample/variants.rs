//! The stages of the choice of a token: a variant each.

use crate::kernel::Kernel;
use crate::variant::Choices;

/// A stage of the choice of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SampleVariant {
    /// `truncate_maxima`.
    TruncateMaxima,
    /// `truncate_histogram`.
    TruncateHistogram,
    /// `truncate_band`.
    TruncateBand,
    /// `truncate`.
    Truncate,
    /// `argmax_partials`.
    ArgmaxPartials,
    /// `argmax`.
    Argmax,
}

impl SampleVariant {
    /// The stages that find the least logit that counts, in their order.
    pub const TRUNCATION: [Self; 4] =
        [Self::TruncateMaxima, Self::TruncateHistogram, Self::TruncateBand, Self::Truncate];
    /// The stages that choose a token, in their order.
    pub const ARGMAX: [Self; 2] = [Self::ArgmaxPartials, Self::Argmax];

    /// Every variant.
    #[must_use]
    pub fn all() -> Vec<Self> {
        Self::TRUNCATION.into_iter().chain(Self::ARGMAX).collect()
    }
}

impl Choices for SampleVariant {
    fn kernel(&self) -> Kernel {
        match self {
            Self::TruncateMaxima => Kernel::TruncateMaxima,
            Self::TruncateHistogram => Kernel::TruncateHistogram,
            Self::TruncateBand => Kernel::TruncateBand,
            Self::Truncate => Kernel::Truncate,
            Self::ArgmaxPartials => Kernel::ArgmaxPartials,
            Self::Argmax => Kernel::Argmax,
        }
    }
}
