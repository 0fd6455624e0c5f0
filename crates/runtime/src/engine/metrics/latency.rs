//! The durations that the metrics have histograms of.

use serde::Serialize;

/// A duration in a request's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify), serde(rename_all = "camelCase"))]
#[cfg_attr(not(target_arch = "wasm32"), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Latency {
    /// Time to first token (TTFT), from arrival.
    TimeToFirstToken,
    /// Inter-token latency (ITL): the time between a token and the next.
    InterToken,
    /// The time from arrival to end, of requests that were answered.
    EndToEnd,
    /// The time to turn a prompt into tokens.
    Tokenise,
    /// The time in the queue.
    Queue,
    /// The time in the batching window.
    BatchingWindow,
    /// The time of prefill.
    Prefill,
    /// The time from a request's first token to its last.
    Decode,
    /// The time of a request's sampling, where it is known.
    Sample,
    /// The time to turn a request's tokens into text.
    Detokenise,
}

impl Latency {
    /// All durations, in the order of their declaration.
    pub const ALL: [Self; 10] = [
        Self::TimeToFirstToken,
        Self::InterToken,
        Self::EndToEnd,
        Self::Tokenise,
        Self::Queue,
        Self::BatchingWindow,
        Self::Prefill,
        Self::Decode,
        Self::Sample,
        Self::Detokenise,
    ];

    /// The duration's name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::TimeToFirstToken => "time_to_first_token",
            Self::InterToken => "inter_token",
            Self::EndToEnd => "end_to_end",
            Self::Tokenise => "tokenise",
            Self::Queue => "queue",
            Self::BatchingWindow => "batching_window",
            Self::Prefill => "prefill",
            Self::Decode => "decode",
            Self::Sample => "sample",
            Self::Detokenise => "detokenise",
        }
    }

    /// The duration in a sentence, for reports that explain themselves.
    pub(super) fn help(self) -> &'static str {
        match self {
            Self::TimeToFirstToken => "Time from a request's arrival to its first token.",
            Self::InterToken => "Time between a token and the next.",
            Self::EndToEnd => "Time from arrival to end of requests that were answered.",
            Self::Tokenise => "Time to turn a prompt into tokens.",
            Self::Queue => "Time in the queue.",
            Self::BatchingWindow => "Time in the batching window.",
            Self::Prefill => "Time of prefill.",
            Self::Decode => "Time from a request's first token to its last.",
            Self::Sample => "Time of a request's sampling, where it is known.",
            Self::Detokenise => "Time to turn a request's tokens into text.",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Latency;

    #[test]
    fn durations_are_listed_in_order_under_their_names() {
        for (index, latency) in Latency::ALL.into_iter().enumerate() {
            assert_eq!(latency as usize, index);
            assert_eq!(serde_json::to_value(latency).expect("a name"), latency.name());
        }
    }
}
