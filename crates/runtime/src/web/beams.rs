//! Beam search.

use serde::{Deserialize, Serialize};
use tsify::Tsify;

use super::summary::FinishReason;
use crate::engine::{self, BeamOptions};

/// Options of a beam search.
#[derive(Default, Deserialize, Tsify)]
#[serde(rename_all = "camelCase", default)]
pub struct BeamSearchOptions {
    /// The number of answers that are followed at a time and returned at the end, up to 10; by default 4.
    #[tsify(type = "number")]
    width: Option<u32>,
    /// The most tokens in an answer; by default as many as the context holds.
    #[tsify(type = "number")]
    max_tokens: Option<u32>,
    /// The exponent of the length by which the log-probability of an answer is divided: 0 prefers short answers; 1, the default, takes the
    /// mean of its tokens.
    #[tsify(type = "number")]
    length_penalty: Option<f32>,
}

impl From<BeamSearchOptions> for BeamOptions {
    fn from(wanted: BeamSearchOptions) -> Self {
        let default = Self::default();
        Self {
            width: wanted.width.unwrap_or(default.width),
            max_tokens: wanted.max_tokens,
            length_penalty: wanted.length_penalty.unwrap_or(default.length_penalty),
            ..default
        }
    }
}

/// The answers that a beam search has found, the best first.
#[derive(Serialize, Tsify)]
pub(super) struct Beams {
    beams: Vec<Beam>,
}

/// An answer that a beam search has found.
#[derive(Serialize, Tsify)]
#[serde(rename_all = "camelCase")]
struct Beam {
    /// Its tokens, the stop token included.
    tokens: Vec<u32>,
    /// Their text, without the stop token.
    text: String,
    /// The natural logarithm of its probability.
    logprob: f64,
    /// The reason for its end: `stop`, `length` or `context`.
    finish_reason: FinishReason,
}

impl From<Vec<engine::Beam>> for Beams {
    fn from(found: Vec<engine::Beam>) -> Self {
        let beam = |beam: engine::Beam| Beam {
            tokens: beam.tokens,
            text: beam.text,
            logprob: beam.logprob,
            finish_reason: beam.finish_reason.into(),
        };
        Self { beams: found.into_iter().map(beam).collect() }
    }
}
