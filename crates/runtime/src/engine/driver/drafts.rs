//! How a request goes on after a step: ahead of its readback or, with drafts and grammars, step by step.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use super::super::Outcome;
use super::super::inner::{Inner, State};
use super::super::room::RECENT_STATES;
use super::super::schedule::RequestId;
use super::super::speculate::{Read, Speculator};
use super::trust::Trust;
use crate::{Error, text};

impl Inner {
    /// The most drafts that a step tries for a sequence. One with a state keeps that after each draft, besides the one that the step reads.
    pub(super) fn most_drafts(&self) -> usize {
        if self.model.spec.state_bytes() > 0 { RECENT_STATES as usize - 2 } else { usize::MAX }
    }

    /// True where a sequence can be cut back after steps that ran ahead: it has no window, of which blocks may be gone by then, and no state.
    pub(super) fn can_take_back(&self) -> bool {
        self.model.spec.state_bytes() == 0 && self.kv.layout.windows.iter().all(|window| *window == 0)
    }

    /// Has a request sample the token after its last one again, because its grammar refuses what came.
    pub(super) fn sample_again(&self, state: &mut State, id: RequestId) {
        let State { scheduler, answers, open, memory, .. } = state;
        let kept = scheduler.take_back(id).zip(open.get(&id));
        let dropped = kept.is_some_and(|(rows, open)| memory.truncate(open.slot, rows));
        debug_assert!(dropped, "a sequence without windows and states can always go back");
        if let Some(answer) = answers.get_mut(id) {
            answer.trust.iter_mut().for_each(Trust::refused);
        }
        self.ask(state, id);
    }

    /// Says how a request goes on after a step that was read.
    pub(super) fn go_on(&self, state: &mut State, id: RequestId, read: Read) {
        let State { scheduler, answers, .. } = state;
        let Some((answer, tokens)) = answers.get_mut(id).zip(scheduler.tokens(id)) else { return };
        if let Some(speculator) = &mut answer.speculator {
            speculator.read(tokens, read);
        }
        scheduler.set_stepwise(id, answer.is_stepwise());
        self.ask(state, id);
    }

    /// Has a request whose tokens are others now go on as it began.
    pub(in crate::engine) fn begin_again(&self, state: &mut State, id: RequestId) {
        let Some(answer) = state.answers.get_mut(id) else { return };
        answer.speculator.iter_mut().for_each(Speculator::forget);
        state.scheduler.set_stepwise(id, answer.is_stepwise());
        self.ask(state, id);
    }

    /// Asks once more for drafts that weren't ready.
    pub(super) fn ask_for_drafts(&self, state: &mut State) {
        for id in std::mem::take(&mut state.drafting) {
            self.ask(state, id);
        }
    }

    /// Has the next step of a request come, if it waits for its drafts or its mask and they are ready.
    pub(super) fn ask(&self, state: &mut State, id: RequestId) {
        let State { scheduler, answers, drafting, masking, .. } = state;
        if !scheduler.is_held(id) {
            return;
        }
        let Some((answer, tokens)) = answers.get_mut(id).zip(scheduler.tokens(id)) else { return };
        let mut drafts = Vec::new();
        if let Some(speculator) = answer.speculator.as_mut().filter(|speculator| speculator.tries()) {
            let waker = Waker::from(Arc::clone(&self.bell));
            match speculator.poll(tokens, &mut Context::from_waker(&waker)) {
                Poll::Ready(found) => drafts = found,
                Poll::Pending => {
                    drafting.push(id);
                    return;
                }
            }
        }
        match &mut answer.grammar {
            None => scheduler.allow(id, &drafts),
            Some(grammar) => masking.extend(grammar.ask(id, drafts)),
        }
    }

    /// Ends a request whose grammar can't be followed.
    pub(super) fn fail_grammar(&self, state: &mut State, id: RequestId, error: &Error) {
        let again = || match error {
            Error::Text(text::Error::TokenRefused { token }) => text::Error::TokenRefused { token: *token },
            Error::Text(text::Error::Grammar { reason }) => text::Error::Grammar { reason: reason.clone() },
            other => text::Error::Grammar { reason: other.to_string() },
        };
        self.fail(state, id, Outcome::Failed, || again().into());
    }
}
