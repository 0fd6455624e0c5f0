//! How a request goes on after a step: ahead of its readback, or with drafts.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use super::super::inner::{Inner, State};
use super::super::room::RECENT_STATES;
use super::super::schedule::RequestId;
use super::super::speculate::{Read, Speculator};

impl Inner {
    /// The most drafts that a step tries for a sequence. One with a state keeps that after each draft, besides the one that the step reads.
    pub(super) fn most_drafts(&self) -> usize {
        if self.model.spec.state_bytes() > 0 { RECENT_STATES as usize - 2 } else { usize::MAX }
    }

    /// Says how a request goes on after a step that was read.
    pub(super) fn go_on(&self, state: &mut State, id: RequestId, read: Read) {
        let State { scheduler, answers, .. } = state;
        let speculator = answers.get_mut(id).and_then(|answer| answer.speculator.as_mut());
        let Some((speculator, tokens)) = speculator.zip(scheduler.tokens(id)) else { return };
        let tries = speculator.read(tokens, read);
        scheduler.set_stepwise(id, tries);
        self.ask(state, id);
    }

    /// Has a request whose tokens are others now go on as it began.
    pub(in crate::engine) fn begin_again(&self, state: &mut State, id: RequestId) {
        let Some(answer) = state.answers.get_mut(id) else { return };
        answer.speculator.iter_mut().for_each(Speculator::forget);
        state.scheduler.set_stepwise(id, false);
    }

    /// Asks once more for drafts that weren't ready.
    pub(super) fn ask_for_drafts(&self, state: &mut State) {
        for id in std::mem::take(&mut state.drafting) {
            self.ask(state, id);
        }
    }

    /// Has the next step of a request come, if it waits for its drafts and they are ready.
    fn ask(&self, state: &mut State, id: RequestId) {
        let State { scheduler, answers, drafting, .. } = state;
        if !scheduler.is_held(id) {
            return;
        }
        let speculator = answers.get_mut(id).and_then(|answer| answer.speculator.as_mut());
        let Some((speculator, tokens)) = speculator.zip(scheduler.tokens(id)) else { return };
        let waker = Waker::from(Arc::clone(&self.bell));
        match speculator.poll(tokens, &mut Context::from_waker(&waker)) {
            Poll::Ready(drafts) => scheduler.allow(id, &drafts),
            Poll::Pending => drafting.push(id),
        }
    }
}
