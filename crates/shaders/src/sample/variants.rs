//! The kernels of the choice of a token, a variant each, and the phases in which the stages of truncation run.

use crate::kernel::Kernel;
use crate::variant::Choices;

/// A kernel of the choice of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SampleVariant {
    /// `adjust`.
    Adjust,
    /// `truncate_maxima`.
    TruncateMaxima,
    /// `truncate_moments`.
    TruncateMoments,
    /// `truncate_histogram`.
    TruncateHistogram,
    /// `truncate_band`.
    TruncateBand,
    /// `truncate`.
    Truncate,
    /// `truncate_few`.
    TruncateFew,
    /// `xtc`.
    Xtc,
    /// `argmax_partials`.
    ArgmaxPartials,
    /// `argmax`.
    Argmax,
    /// `refuse`.
    Refuse,
    /// `logprobs`.
    Logprobs,
    /// `logprobs_chosen`.
    LogprobsChosen,
}

/// What the stages of truncation look for, as `keys.wgsl` has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u32)]
pub enum SamplePhase {
    /// Top-k and, for outputs without typical-p, top-p and min-p.
    #[default]
    Top = 0,
    /// Typical-p on what top-k left.
    Typical = 1,
    /// Top-p and min-p on what typical-p left.
    Rest = 2,
    /// XTC on what is left.
    Xtc = 3,
    /// The most likely tokens, before any logit is changed.
    Logprobs = 4,
    /// All of truncation and XTC, of outputs whose top-k leaves few.
    Few = 5,
}

use SamplePhase::{Few, Logprobs, Rest, Top, Typical, Xtc};

/// A kernel and the phase in which it runs.
pub type SampleStage = (SampleVariant, SamplePhase);

impl SampleVariant {
    /// The stages that find the bounds of what counts, for all outputs that are truncated.
    pub const TRUNCATION: [SampleStage; 4] =
        [(Self::TruncateMaxima, Top), (Self::TruncateHistogram, Top), (Self::TruncateBand, Top), (Self::Truncate, Top)];
    /// The stages after them for outputs with typical-p.
    pub const TYPICAL: [SampleStage; 9] = [
        (Self::TruncateMaxima, Typical),
        (Self::TruncateMoments, Typical),
        (Self::TruncateHistogram, Typical),
        (Self::TruncateBand, Typical),
        (Self::Truncate, Typical),
        (Self::TruncateMaxima, Rest),
        (Self::TruncateHistogram, Rest),
        (Self::TruncateBand, Rest),
        (Self::Truncate, Rest),
    ];
    /// The stages after them for outputs with XTC.
    pub const XTC: [SampleStage; 2] = [(Self::TruncateMoments, Xtc), (Self::Xtc, Xtc)];
    /// The stages that do all of these at once, where every output that is truncated has [few](crate::Output::truncates_to_few) left.
    pub const FEW: [SampleStage; 4] = [
        (Self::TruncateMaxima, Few),
        (Self::TruncateHistogram, Few),
        (Self::TruncateBand, Few),
        (Self::TruncateFew, Few),
    ];
    /// The stages that choose a token.
    pub const ARGMAX: [SampleStage; 2] = [(Self::ArgmaxPartials, Top), (Self::Argmax, Top)];
    /// The stage after those, where masks may refuse tokens that truncation has led to.
    pub const REFUSE: [SampleStage; 1] = [(Self::Refuse, Top)];
    /// The stage that changes logits, before all others but those of log-probabilities.
    pub const ADJUST: [SampleStage; 1] = [(Self::Adjust, Top)];
    /// The stages before all others for outputs whose log-probabilities are wanted.
    pub const LOGPROBS: [SampleStage; 5] = [
        (Self::TruncateMaxima, Logprobs),
        (Self::TruncateMoments, Logprobs),
        (Self::TruncateHistogram, Logprobs),
        (Self::TruncateBand, Logprobs),
        (Self::Logprobs, Logprobs),
    ];
    /// The stage after all others for the same outputs.
    pub const CHOSEN: [SampleStage; 1] = [(Self::LogprobsChosen, Logprobs)];

    /// Every variant.
    #[must_use]
    pub fn all() -> Vec<Self> {
        vec![
            Self::Adjust,
            Self::TruncateMaxima,
            Self::TruncateMoments,
            Self::TruncateHistogram,
            Self::TruncateBand,
            Self::Truncate,
            Self::TruncateFew,
            Self::Xtc,
            Self::ArgmaxPartials,
            Self::Argmax,
            Self::Refuse,
            Self::Logprobs,
            Self::LogprobsChosen,
        ]
    }

    /// True where one workgroup does all of an output.
    #[must_use]
    pub fn is_single(self) -> bool {
        matches!(
            self,
            Self::Adjust
                | Self::Truncate
                | Self::TruncateFew
                | Self::Argmax
                | Self::Refuse
                | Self::Logprobs
                | Self::LogprobsChosen
        )
    }
}

impl Choices for SampleVariant {
    fn kernel(&self) -> Kernel {
        match self {
            Self::Adjust => Kernel::Adjust,
            Self::TruncateMaxima => Kernel::TruncateMaxima,
            Self::TruncateMoments => Kernel::TruncateMoments,
            Self::TruncateHistogram => Kernel::TruncateHistogram,
            Self::TruncateBand => Kernel::TruncateBand,
            Self::Truncate => Kernel::Truncate,
            Self::TruncateFew => Kernel::TruncateFew,
            Self::Xtc => Kernel::Xtc,
            Self::ArgmaxPartials => Kernel::ArgmaxPartials,
            Self::Argmax => Kernel::Argmax,
            Self::Refuse => Kernel::Refuse,
            Self::Logprobs => Kernel::Logprobs,
            Self::LogprobsChosen => Kernel::LogprobsChosen,
        }
    }
}
