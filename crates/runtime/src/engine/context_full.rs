//! Answers that go on when the context is full.

use std::borrow::Cow;

use super::driver::RequestId;
use super::inner::{Inner, State};
use super::ranges::invalid;
use crate::Result;

/// What happens to an answer when the context is full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ContextFull {
    /// It ends, with [`FinishReason::Context`](super::FinishReason::Context).
    #[default]
    Stop,
    /// It goes on without the older half of its tokens. The rest is read again at its new positions, which takes as long as a prompt of
    /// half the context, and is exact for every architecture. Prompts longer than the context are shortened likewise.
    Slide {
        /// Tokens at the beginning that stay, fewer than half the context: 1 keeps a beginning-of-sequence token, more a system prompt.
        keep: u32,
    },
}

impl ContextFull {
    /// Refuses to keep more than can be kept in a context of `context` tokens.
    ///
    /// # Errors
    /// [`Error::InvalidOption`](crate::Error::InvalidOption).
    pub(super) fn check(self, context: u32) -> Result<()> {
        match self {
            Self::Slide { keep } if keep >= context / 2 => {
                Err(invalid("tokens to keep", &keep, &format!("below {}, half the context", context / 2)))
            }
            _ => Ok(()),
        }
    }

    /// True where `tokens` tokens are too many for another to follow, and some may go.
    fn drops(self, tokens: usize, context: u32) -> bool {
        self != Self::Stop && tokens >= context as usize
    }

    /// Drops the older half of those tokens that aren't kept, as often as it takes for another to follow. Tokens that come one by one and
    /// tokens that come at once are shortened alike.
    pub(super) fn shorten(self, tokens: &mut Vec<u32>, context: u32) {
        if let Self::Slide { keep } = self {
            let half = (context.saturating_sub(keep) / 2).max(1) as usize;
            let (keep, over) = (keep as usize, (tokens.len() + 1).saturating_sub(context as usize));
            let end = (keep + over.div_ceil(half) * half).min(tokens.len());
            tokens.drain(keep.min(end)..end);
        }
    }

    /// The tokens of a prompt that are read.
    pub(super) fn shortened(self, prompt: &[u32], context: u32) -> Cow<'_, [u32]> {
        if !self.drops(prompt.len(), context) {
            return Cow::Borrowed(prompt);
        }
        let mut tokens = prompt.to_vec();
        self.shorten(&mut tokens, context);
        Cow::Owned(tokens)
    }
}

impl Inner {
    /// Has a request whose context is full go on with fewer tokens.
    pub(super) fn slide(&self, state: &mut State, id: RequestId) {
        let State { scheduler, answers, .. } = state;
        let Some(answer) = answers.get_mut(id) else { return };
        let (rule, context) = (answer.context_full(), self.context_length);
        scheduler.go_on(id, answer.tokens_left(), |tokens| {
            let before = tokens.len();
            rule.shorten(tokens, context);
            answer.note_dropped((before - tokens.len()) as u32);
        });
        self.begin_again(state, id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_older_half_goes_and_the_beginning_stays() {
        let slide =
            |keep, length: u32| ContextFull::Slide { keep }.shortened(&Vec::from_iter(0..length), 10).into_owned();
        assert_eq!(slide(0, 9), Vec::from_iter(0..9));
        assert_eq!(slide(0, 10), [5, 6, 7, 8, 9]);
        assert_eq!(slide(2, 10), [0, 1, 6, 7, 8, 9]);
        assert_eq!(slide(4, 25), [&[0, 1, 2, 3][..], &[22, 23, 24]].concat());
        let stop = ContextFull::Stop.shortened(&[0; 25], 10).len();
        assert_eq!(stop, 25);
    }

    #[test]
    fn tokens_that_come_one_by_one_are_shortened_as_those_that_come_at_once() {
        for (keep, context) in [(0, 2), (0, 10), (3, 10), (4, 11), (1, 64)] {
            let rule = ContextFull::Slide { keep };
            rule.check(context).expect("it is below half");
            let mut one_by_one = Vec::new();
            for length in 1..300 {
                one_by_one.push(length);
                rule.shorten(&mut one_by_one, context);
                let at_once = rule.shortened(&Vec::from_iter(1..=length), context).into_owned();
                assert_eq!(one_by_one, at_once, "{length} tokens, {keep} of {context} kept");
                assert!((1..context as usize).contains(&at_once.len()));
            }
        }
    }

    #[test]
    fn no_more_than_half_is_kept() {
        assert!(ContextFull::Slide { keep: 4 }.check(10).is_ok());
        for (keep, context) in [(5, 10), (0, 1), (u32::MAX, 10)] {
            let error = ContextFull::Slide { keep }.check(context).expect_err("too much is kept");
            assert_eq!(error.code(), "invalid-option");
        }
    }
}
