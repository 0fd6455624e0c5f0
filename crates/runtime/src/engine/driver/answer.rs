//! An answer under way: its text, its end, and the callers who hear of it.

use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

use web_time::Instant;
use wgslm_text::{Detokenizer, StopMatcher};

use super::super::metrics::registry::FeatureId;
use super::super::speculate::Speculator;
use super::super::subscription::Subscription;
use super::super::{
    ContextFull, FinishReason, GenerateOptions, GenerationEvent, Inner, Outcome, Sampling, Summary, Timeline,
    TokenLogprobs,
};
use super::masks::Grammar;
use super::trust::Trust;
use crate::{Error, Result};

/// A caller of an answer.
pub(in crate::engine) struct Subscriber {
    pub(super) subscription: Arc<Subscription>,
    pub(super) arrival: Arrival,
    pub(super) feature: FeatureId,
}

/// The moments at which a request arrived and, where it wasn't tokens, had become such.
#[derive(Clone, Copy, Debug)]
pub(in crate::engine) struct Arrival {
    pub(in crate::engine) arrived: Duration,
    pub(in crate::engine) tokenised: Option<Duration>,
}

/// The answer to a request, and to those equal to it that came while it was under way.
pub(in crate::engine) struct Answer {
    prompt: Vec<u32>,
    /// The options that an equal request has; `None` where the answer isn't shared.
    shared: Option<GenerateOptions>,
    pub(super) sampling: Sampling,
    max_tokens: Option<u32>,
    /// The tokens that a prompt and its answer can have together.
    context: u32,
    context_full: ContextFull,
    /// Tokens of the prompt and the answer that gave way to later ones.
    dropped: u32,
    stop_tokens: Vec<u32>,
    detokenizer: Option<Detokenizer>,
    matcher: StopMatcher,
    /// The events so far, for callers who join.
    events: Vec<GenerationEvent>,
    received: u32,
    pub(super) speculator: Option<Speculator>,
    pub(super) grammar: Option<Grammar>,
    /// Where steps may run ahead of the grammar's masks: see [`Trust`].
    pub(super) trust: Option<Trust>,
    /// The feature that the steps count for: the first caller's.
    pub(super) feature: FeatureId,
    pub(super) timeline: Timeline,
    subscribers: Vec<Subscriber>,
}

impl Answer {
    pub(super) fn new(
        inner: &Inner,
        prompt: &[u32],
        (options, sampling): (GenerateOptions, Sampling),
        first: Subscriber,
    ) -> Self {
        let tokenizer = inner.model.tokenizer().ok();
        let stop_tokens = tokenizer.filter(|_| !options.ignore_stop).map(|tokenizer| tokenizer.stop_tokens().to_vec());
        let may_run_ahead = options.tokens_in_flight > 1 && inner.can_take_back();
        Self {
            prompt: prompt.to_vec(),
            sampling,
            speculator: Speculator::new(&options, inner.most_drafts()),
            trust: (options.constraint.is_some() && may_run_ahead).then(Trust::new),
            grammar: options.constraint.clone().map(Grammar::new),
            max_tokens: options.max_tokens,
            context: inner.context_length,
            context_full: options.context_full,
            dropped: 0,
            stop_tokens: stop_tokens.unwrap_or_default(),
            detokenizer: tokenizer
                .map(|tokenizer| tokenizer.detokenizer().showing(options.shown_tokens.iter().map(String::as_str))),
            matcher: StopMatcher::new(options.stop.iter().cloned()),
            shared: options.into_shared(),
            events: Vec::new(),
            received: 0,
            feature: first.feature,
            timeline: Timeline { prompt_tokens: prompt.len(), ..Timeline::new(first.arrival.arrived) },
            subscribers: vec![first],
        }
    }

    /// True where another request has the same answer and may share it.
    pub(super) fn equals(&self, other: &Self) -> bool {
        self.shared.is_some() && self.shared == other.shared && self.prompt == other.prompt
    }

    /// Takes over the callers of an equal answer, who get the events so far.
    pub(super) fn join(&mut self, other: Self) {
        for subscriber in other.subscribers {
            for event in &self.events {
                subscriber.subscription.token(event.clone());
            }
            self.subscribers.push(subscriber);
        }
    }

    /// Removes a caller, and returns it.
    pub(super) fn leave(&mut self, subscription: &Arc<Subscription>) -> Option<Subscriber> {
        let index = self.subscribers.iter().position(|subscriber| Arc::ptr_eq(&subscriber.subscription, subscription));
        index.map(|index| self.subscribers.remove(index))
    }

    /// True where no caller is left.
    pub(super) fn is_abandoned(&self) -> bool {
        self.subscribers.is_empty()
    }

    /// Takes the next token, tells the callers, and returns the reason to end if it is the last one.
    ///
    /// # Errors
    /// [`Error::Text`] where the answer's grammar refuses the token or can't be followed.
    pub(super) fn push(
        &mut self,
        (token, logprob): (u32, Option<TokenLogprobs>),
        at: Duration,
        wakers: &mut Vec<Waker>,
    ) -> Result<Option<FinishReason>> {
        let completes = self.grammar.as_ref().map_or(Ok(false), |grammar| grammar.lock().commit(token))?;
        self.grammar.take_if(|grammar| grammar.lock().is_settled());
        self.trust.iter_mut().for_each(Trust::followed);
        self.received += 1;
        let began = Instant::now();
        let (text, end) = self.text_of(token, completes);
        self.timeline.detokenise += began.elapsed();
        self.timeline.prefill_ended.get_or_insert(at);
        let event = GenerationEvent::Token { token, text, logprob };
        wakers.extend(self.subscribers.iter().filter_map(|subscriber| subscriber.subscription.token(event.clone())));
        if self.shared.is_some() {
            self.events.push(event);
        }
        Ok(end)
    }

    /// The text that `token` completes, and the reason to end if it is the last one, as where it `completes` the answer's grammar.
    fn text_of(&mut self, token: u32, completes: bool) -> (String, Option<FinishReason>) {
        if self.stop_tokens.contains(&token) {
            return (self.rest_of_text(), Some(FinishReason::Stop));
        }
        let decoded = self.detokenizer.as_mut().map(|detokenizer| detokenizer.push(token));
        let outcome = self.matcher.push(&decoded.unwrap_or_default());
        if outcome.stopped {
            return (outcome.text, Some(FinishReason::Stop));
        }
        let end = if completes { Some(FinishReason::Stop) } else { self.limit() };
        let rest = if end.is_some() { self.rest_of_text() } else { String::new() };
        (outcome.text + &rest, end)
    }

    /// True where its steps depend on the tokens before, so that none may run ahead of its readback.
    pub(super) fn is_stepwise(&self) -> bool {
        let masked = !self.trust.as_ref().is_some_and(Trust::runs_ahead);
        (self.grammar.is_some() && masked) || self.speculator.as_ref().is_some_and(Speculator::tries)
    }

    /// The text that the detokeniser and the stop matcher still hold back.
    fn rest_of_text(&mut self) -> String {
        let held = self.detokenizer.as_mut().map(Detokenizer::finish).unwrap_or_default();
        let outcome = self.matcher.push(&held);
        outcome.text + &self.matcher.finish()
    }

    /// The limit that the answer has reached, if any.
    pub(super) fn limit(&self) -> Option<FinishReason> {
        if self.max_tokens.is_some_and(|most| self.received >= most) {
            Some(FinishReason::Length)
        } else if self.context_full == ContextFull::Stop && self.fills_context() {
            Some(FinishReason::Context)
        } else {
            None
        }
    }

    /// True where no further token follows those that the model has.
    fn fills_context(&self) -> bool {
        self.prompt.len() as u32 + self.received - self.dropped >= self.context
    }

    /// True where the answer goes on with fewer tokens, since the context is full.
    pub(super) fn slides(&self) -> bool {
        self.limit().is_none() && self.fills_context()
    }

    pub(in crate::engine) fn context_full(&self) -> ContextFull {
        self.context_full
    }

    /// The most tokens that may follow.
    pub(in crate::engine) fn tokens_left(&self) -> u32 {
        self.max_tokens.map_or(u32::MAX, |most| most.saturating_sub(self.received))
    }

    /// Records that `tokens` tokens gave way to later ones.
    pub(in crate::engine) fn note_dropped(&mut self, tokens: u32) {
        self.dropped += tokens;
    }

    /// Tells the callers of the end, and counts it.
    pub(super) fn finish(self, inner: &Inner, reason: FinishReason, wakers: &mut Vec<Waker>) {
        for subscriber in &self.subscribers {
            let timeline = self.timeline_of(subscriber, inner.now());
            inner.metrics.finished(subscriber.feature, reason.into(), &timeline);
            let summary = Summary::new(reason, self.received as usize, timeline);
            wakers.extend(subscriber.subscription.finish(summary));
        }
    }

    /// Ends the answer with an error.
    pub(super) fn fail(self, inner: &Inner, (error, outcome): (impl Fn() -> Error, Outcome), wakers: &mut Vec<Waker>) {
        for subscriber in &self.subscribers {
            let timeline = self.timeline_of(subscriber, inner.now());
            inner.metrics.finished(subscriber.feature, outcome, &timeline);
            wakers.extend(subscriber.subscription.fail(error()));
        }
    }

    /// The timeline of a caller, for whom nothing happened before it came.
    pub(super) fn timeline_of(&self, subscriber: &Subscriber, ended: Duration) -> Timeline {
        let Arrival { arrived, tokenised } = subscriber.arrival;
        let mut timeline = Timeline { arrived, tokenised, ended: Some(ended), ..self.timeline.clone() };
        let submitted = timeline.submitted();
        let Timeline { window_closed, admitted, prefill_began, prefill_ended, first_token, last_token, .. } =
            &mut timeline;
        let moments = [window_closed, admitted, prefill_began, prefill_ended, first_token, last_token];
        for moment in moments.into_iter().flatten() {
            *moment = submitted.max(*moment);
        }
        timeline
    }
}
