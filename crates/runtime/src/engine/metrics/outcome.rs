//! The ways in which a request ends.

use serde::Serialize;

use crate::engine::FinishReason;

/// The way in which a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify), serde(rename_all = "camelCase"))]
#[cfg_attr(not(target_arch = "wasm32"), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Outcome {
    /// A stop token or a stop string was generated.
    Stop,
    /// The limit on generated tokens was reached.
    Length,
    /// The context is full.
    Context,
    /// The caller cancelled.
    Cancelled,
    /// The deadline passed, in the queue or later.
    Deadline,
    /// The queue was full, so that the request never entered it.
    Refused,
    /// An error ended it.
    Failed,
}

impl Outcome {
    /// All outcomes, in the order of their declaration.
    pub const ALL: [Self; 7] =
        [Self::Stop, Self::Length, Self::Context, Self::Cancelled, Self::Deadline, Self::Refused, Self::Failed];

    /// The outcome's name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Stop => FinishReason::Stop.name(),
            Self::Length => FinishReason::Length.name(),
            Self::Context => FinishReason::Context.name(),
            Self::Cancelled => FinishReason::Cancelled.name(),
            Self::Deadline => FinishReason::Deadline.name(),
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }

    /// True where the answer came to an end of its own.
    #[must_use]
    pub fn answered(self) -> bool {
        matches!(self, Self::Stop | Self::Length | Self::Context)
    }
}

impl From<FinishReason> for Outcome {
    fn from(reason: FinishReason) -> Self {
        match reason {
            FinishReason::Stop => Self::Stop,
            FinishReason::Length => Self::Length,
            FinishReason::Context => Self::Context,
            FinishReason::Cancelled => Self::Cancelled,
            FinishReason::Deadline => Self::Deadline,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_are_listed_in_order_under_their_names() {
        for (index, outcome) in Outcome::ALL.into_iter().enumerate() {
            assert_eq!(outcome as usize, index);
            assert_eq!(serde_json::to_value(outcome).expect("a name"), outcome.name());
        }
    }

    #[test]
    fn a_finish_reason_keeps_its_name() {
        use FinishReason::{Cancelled, Context, Deadline, Length, Stop};
        for (reason, answered) in [(Stop, true), (Length, true), (Context, true), (Cancelled, false), (Deadline, false)]
        {
            assert_eq!(Outcome::from(reason).name(), reason.name());
            assert_eq!(Outcome::from(reason).answered(), answered);
        }
    }
}
