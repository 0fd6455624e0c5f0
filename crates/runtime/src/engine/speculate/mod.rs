//! Speculative decoding (Leviathan et al. 2023): guesses at the next tokens, tried in one step.
//!
//! The step samples at every draft as it would without drafts, since a draw depends on seed and position alone. A draft is right where it
//! is the sampled token, so an answer is the same with and without drafts, at any temperature.

mod gain;
mod lookup;
mod model;
#[cfg(test)]
mod tests;

use std::task::{Context, Poll};
use std::time::Duration;

pub use model::DraftModel;

use super::GenerateOptions;
use gain::Gain;
use lookup::Lookup;
use model::ModelDrafts;

/// The source of drafts for an answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Speculation {
    /// No drafts.
    #[default]
    Off,
    /// Prompt lookup: what followed the last tokens when they occurred before, in the prompt or in the answer. Costs nothing where
    /// nothing repeats, and several times the speed where texts are edited or quoted.
    Lookup,
    /// A smaller model with the same tokens.
    Model(DraftModel),
}

/// A step that was read, as far as drafts are concerned.
#[derive(Clone, Copy, Debug)]
pub(super) struct Read {
    pub(super) at: Duration,
    /// The number of tokens that it gave the answer.
    pub(super) tokens: usize,
    /// The number of drafts that it tried, and of those that were right.
    pub(super) drafts: usize,
    pub(super) accepted: usize,
}

/// The drafts of one answer.
pub(super) struct Speculator {
    source: Source,
    gain: Gain,
    /// The drafts may be no more than this.
    most: usize,
}

enum Source {
    Lookup {
        lookup: Lookup,
        /// The token that the last n-gram says comes next.
        expected: Option<u32>,
    },
    Model(Box<ModelDrafts>),
}

impl Speculator {
    /// The drafts of an answer with `options`, at most `most` in a step; `None` where there are to be none.
    pub(super) fn new(options: &GenerateOptions, most: usize) -> Option<Self> {
        let (source, gain) = match &options.speculation {
            Speculation::Off => return None,
            // Two right predictions in a row are rare where nothing repeats.
            Speculation::Lookup => (Source::Lookup { lookup: Lookup::default(), expected: None }, Gain::new(2, 64)),
            Speculation::Model(model) => {
                (Source::Model(Box::new(ModelDrafts::new(model, options))), Gain::new(4, 4096))
            }
        };
        (most > 0).then_some(Self { source, gain, most })
    }

    /// Takes note of a step that gave the last of `tokens`.
    pub(super) fn read(&mut self, tokens: &[u32], read: Read) {
        let came = &tokens[tokens.len() - read.tokens.min(tokens.len())..];
        let (right, has_more) = match &mut self.source {
            Source::Lookup { lookup, expected } => {
                let right = came.len() == 1 && came.first() == expected.as_ref();
                lookup.note(tokens);
                *expected = lookup.drafts(tokens, 1).first().copied();
                (right, expected.is_some())
            }
            Source::Model(_) => (true, true),
        };
        if read.drafts > 0 {
            self.gain.tried(read.at, read.drafts, read.accepted);
        } else {
            self.gain.ahead(read.at, came.len() as u32, right);
        }
        let goes_on = has_more && (read.drafts > 0 || right);
        match (self.gain.tries(), goes_on) {
            (true, false) => self.gain.end(),
            (false, true) if self.gain.is_due() => self.gain.begin(),
            _ => {}
        }
    }

    /// True where the next step is to try drafts.
    pub(super) fn tries(&self) -> bool {
        self.gain.tries()
    }

    /// Forgets the tokens so far, because others take their place.
    pub(super) fn forget(&mut self) {
        self.gain.end();
        match &mut self.source {
            Source::Lookup { lookup, expected } => (*lookup, *expected) = (Lookup::default(), None),
            Source::Model(model) => model.forget(),
        }
    }

    /// The drafts that follow `tokens`. Asked again with the same tokens until it is ready.
    pub(super) fn poll(&mut self, tokens: &[u32], context: &mut Context<'_>) -> Poll<Vec<u32>> {
        let most = self.gain.drafts().min(self.most);
        match &mut self.source {
            Source::Lookup { lookup, .. } => Poll::Ready(lookup.drafts(tokens, most)),
            Source::Model(model) => model.poll(tokens, most, context),
        }
    }
}
