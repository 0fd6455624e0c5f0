//! The answers under way, and how requests come and go.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::super::inner::{Inner, State};
use super::super::schedule::{Refused, Request, RequestId};
use super::super::subscription::Subscription;
use super::super::{FinishReason, GenerateOptions, Outcome, Summary, Timeline};
use super::answer::{Answer, Arrival, Subscriber};
use crate::{Error, Result};

/// The answers under way, by request.
#[derive(Default)]
pub(in crate::engine) struct Answers {
    live: BTreeMap<RequestId, Answer>,
    next: u64,
}

impl Answers {
    pub(in crate::engine) fn get_mut(&mut self, id: RequestId) -> Option<&mut Answer> {
        self.live.get_mut(&id)
    }

    pub(super) fn remove(&mut self, id: RequestId) -> Option<Answer> {
        self.live.remove(&id)
    }

    /// The ids of all answers under way.
    pub(super) fn ids(&self) -> Vec<RequestId> {
        self.live.keys().copied().collect()
    }

    /// An answer under way that is the same as `other`, and its id.
    fn equal(&mut self, other: &Answer) -> Option<(RequestId, &mut Answer)> {
        self.live.iter_mut().find(|(_, answer)| answer.equals(other)).map(|(id, answer)| (*id, answer))
    }
}

impl Inner {
    /// Takes a request whose events go to `subscription`: has it join an equal one, or puts it into the queue.
    ///
    /// # Errors
    /// [`Error::Busy`], or what the device has reported.
    pub(in crate::engine) fn submit(
        &self,
        prompt: &[u32],
        options: GenerateOptions,
        (arrival, subscription): (Arrival, &Arc<Subscription>),
    ) -> Result<RequestId> {
        self.device.gpu().check()?;
        let now = self.now();
        let feature = self.metrics.feature(options.feature.as_deref());
        let subscriber = Subscriber { subscription: Arc::clone(subscription), arrival, feature };
        let sampling = self.sampling(&options);
        let state = &mut *self.lock();
        if let Some(failure) = &state.failure {
            return Err(failure.clone().into());
        }
        let id = RequestId(state.answers.next);
        state.answers.next += 1;
        let request = request(id, prompt, &options, now);
        let answer = Answer::new(self, prompt, (options, sampling), subscriber);
        if let Some((id, equal)) = state.answers.equal(&answer) {
            equal.join(answer);
            self.metrics.coalesced(feature);
            return Ok(id);
        }
        if let Some(reason) = answer.limit() {
            answer.finish(self, reason, &mut state.wakers);
            return Ok(id);
        }
        match state.scheduler.submit(now, request) {
            Ok(()) => {
                state.answers.live.insert(id, answer);
                self.metrics.set_queue_depth(state.scheduler.waiting());
                self.ask(state, id);
                Ok(id)
            }
            Err(refused) => {
                let timeline = Timeline { ended: Some(now), ..Timeline::new(now) };
                self.metrics.finished(feature, Outcome::Refused, &timeline);
                Err(match refused {
                    Refused::Busy { retry_after_ms } => Error::Busy { retry_after_ms },
                    Refused::Empty => Error::EmptyPrompt,
                    Refused::TooLong => {
                        Error::PromptTooLong { tokens: prompt.len(), capacity: self.context_length as usize }
                    }
                })
            }
        }
    }

    /// Ends a request for the caller of `subscription`, and altogether where no other has joined it.
    pub(in crate::engine) fn cancel(&self, id: RequestId, subscription: &Arc<Subscription>) {
        let state = &mut *self.lock();
        let Some(answer) = state.answers.get_mut(id) else {
            state.wakers.extend(subscription.cancel(None));
            return;
        };
        let Some(subscriber) = answer.leave(subscription) else { return };
        let timeline = answer.timeline_of(&subscriber, self.now());
        self.metrics.finished(subscriber.feature, Outcome::Cancelled, &timeline);
        let summary = Summary::new(FinishReason::Cancelled, 0, timeline);
        let abandoned = answer.is_abandoned();
        state.wakers.extend(subscription.cancel(Some(summary)));
        if abandoned {
            state.answers.remove(id);
            state.scheduler.cancel(id);
            self.give_back(state);
            // Others may go on with what it had.
            self.bell.ring();
        }
    }

    /// Ends a request that the scheduler has ended already.
    pub(super) fn finish(&self, state: &mut State, id: RequestId, reason: FinishReason) {
        if let Some(answer) = state.answers.remove(id) {
            answer.finish(self, reason, &mut state.wakers);
        }
    }

    /// Ends a request with an error.
    pub(super) fn fail(&self, state: &mut State, id: RequestId, outcome: Outcome, error: impl Fn() -> Error) {
        state.scheduler.cancel(id);
        if let Some(answer) = state.answers.remove(id) {
            answer.fail(self, (error, outcome), &mut state.wakers);
        }
    }

    /// Ends all requests with an error, and takes no more.
    pub(super) fn fail_all(&self, error: &wgslm_gpu::Error) {
        let state = &mut *self.lock();
        tracing::error!(%error, "the engine has stopped");
        state.failure = Some(error.clone());
        for id in state.answers.ids() {
            if let Some(open) = state.open.get_mut(&id) {
                open.damaged = true;
            }
            self.fail(state, id, Outcome::Failed, || error.clone().into());
        }
    }
}

fn request(id: RequestId, prompt: &[u32], options: &GenerateOptions, now: Duration) -> Request {
    let by = |time: Option<Duration>| time.map(|time| now.saturating_add(time));
    Request {
        id,
        priority: options.priority,
        tokens: prompt.to_vec(),
        most_tokens: options.max_tokens.unwrap_or(u32::MAX),
        tokens_in_flight: options.tokens_in_flight,
        stepwise: options.constraint.is_some(),
        admit_by: by(options.queue_deadline),
        finish_by: by(options.deadline),
    }
}
