//! A request as its caller sees it.

use std::time::Duration;

use super::super::{Part, Priority, RequestId, Source};
use super::load::Planned;

/// The place of a request that hasn't ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Queue,
    Slot,
    Preempted,
}

/// A request that hasn't ended.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) id: RequestId,
    pub(super) priority: Priority,
    /// One step is in flight at a time, and waits until it is allowed.
    pub(super) stepwise: bool,
    /// It is so at times.
    pub(super) changes_pace: bool,
    pub(super) arrived: Duration,
    pub(super) place: Place,
    /// The time of its first slot.
    pub(super) admitted: Option<Duration>,
    /// Its place in the order of admissions.
    pub(super) order: usize,
    /// The time by which its first token is due, if memory is never short.
    pub(super) due: Duration,
    pub(super) finish_by: Option<Duration>,
    pub(super) admit_by: Option<Duration>,
    /// The time of the last token on the device.
    pub(super) last_token: Option<Duration>,
    /// The next step is allowed.
    pub(super) allowed: bool,
    /// Drafts for the next step, and how many of them are right.
    pub(super) drafts: (u32, u32),
    /// Tokens that follow from the last sampled one were received with it.
    pub(super) follows: bool,
    stops_after: u32,
    most_tokens: u32,
    tokens_in_flight: u32,
    /// Tokens that came with the request.
    original: u32,
    /// Tokens of the prompt since the last admission.
    prompt: u32,
    /// The position of the next row.
    next: u32,
    /// Steps that sample and haven't been read.
    pub(super) in_flight: u32,
    pub(super) received: u32,
}

impl Client {
    pub(super) fn new(planned: &Planned, arrived: Duration, context: u32) -> Self {
        let Planned { request, stops_after, changes_pace, .. } = planned;
        let prompt = request.tokens.len() as u32;
        Self {
            id: request.id,
            priority: request.priority,
            stepwise: request.stepwise,
            changes_pace: *changes_pace,
            arrived,
            place: Place::Queue,
            admitted: None,
            order: 0,
            due: Duration::ZERO,
            finish_by: request.finish_by,
            admit_by: request.admit_by,
            last_token: None,
            allowed: false,
            drafts: (0, 0),
            follows: false,
            stops_after: *stops_after,
            most_tokens: request.most_tokens.min(context - prompt),
            tokens_in_flight: request.tokens_in_flight,
            original: prompt,
            prompt,
            next: 0,
            in_flight: 0,
            received: 0,
        }
    }

    /// The token that a request's answer has at a position.
    pub(super) fn token(id: RequestId, position: u32) -> u32 {
        (id.0 as u32).wrapping_mul(31).wrapping_add(position)
    }

    /// The request takes a slot, perhaps again.
    pub(super) fn admit(&mut self, now: Duration, order: usize, cached: u32, tokens: &[u32]) {
        assert_eq!(self.in_flight, 0, "a preempted request has no token in flight");
        self.place = Place::Slot;
        self.admitted.get_or_insert(now);
        self.order = order;
        self.prompt = self.original + self.received;
        assert_eq!(tokens.len() as u32, self.prompt);
        for (position, token) in tokens.iter().enumerate().skip(self.original as usize) {
            assert_eq!(*token, Self::token(self.id, position as u32), "tokens stay in order");
        }
        assert!(cached < self.prompt);
        self.next = cached;
    }

    /// Rows of the request are in a step.
    pub(super) fn submit(&mut self, part: &Part) {
        assert_eq!((self.place, self.next), (Place::Slot, part.first), "positions of {self:?} are contiguous");
        assert!(part.tokens > 0);
        let known = self.original + self.received;
        let source = if self.in_flight == 0 { Source::Known } else { Source::Sampled };
        assert!(part.source == source && (source == Source::Known || part.tokens == 1));
        self.next += part.tokens - part.drafts;
        assert!(part.drafts <= self.drafts.0 && self.received + self.in_flight + part.drafts < self.most_tokens);
        assert_eq!(
            part.samples,
            self.next >= known,
            "the last known row samples, and each after it: {self:?}, {part:?}"
        );
        if part.samples {
            assert!(self.may_sample(), "{self:?} may not sample");
            self.in_flight += 1;
            self.allowed = false;
            self.drafts = (part.drafts, self.drafts.1.min(part.drafts));
        }
    }

    /// A step has been read that sampled `count` tokens, or that others follow from; returns them, and whether the answer stops with them.
    pub(super) fn receive(&mut self, count: u32) -> (Vec<u32>, bool) {
        let left = (self.most_tokens - self.received).min(self.stops_after.max(self.received + 1) - self.received);
        let count = count.min(left);
        let tokens = (0..count).map(|index| Self::token(self.id, self.position() + index)).collect();
        self.in_flight -= 1;
        self.next += self.drafts.1.min(count);
        self.drafts = (0, 0);
        self.received += count;
        (tokens, self.received >= self.stops_after)
    }

    /// The answer has all tokens that it may have.
    pub(super) fn full(&self) -> bool {
        self.received == self.most_tokens
    }

    /// The length after the next token to be read.
    pub(super) fn position(&self) -> u32 {
        self.original + self.received
    }

    /// Rows of the prompt that are left.
    pub(super) fn remaining(&self) -> u32 {
        self.prompt.saturating_sub(self.next)
    }

    /// Rows of the prompt are left.
    pub(super) fn prefills(&self) -> bool {
        self.place == Place::Slot && self.next < self.prompt
    }

    /// A stream runs.
    pub(super) fn decodes(&self) -> bool {
        self.place == Place::Slot && self.next >= self.prompt && self.received + self.in_flight < self.most_tokens
    }

    /// Steps that may be in flight.
    pub(super) fn most_in_flight(&self) -> u32 {
        if self.stepwise { 1 } else { self.tokens_in_flight }
    }

    pub(super) fn may_sample(&self) -> bool {
        self.in_flight < self.most_in_flight() && (self.allowed || !self.stepwise)
    }

    /// The length of the sequence with the next row that samples, without drafts.
    pub(super) fn next_length(&self) -> u32 {
        self.original + self.received + self.in_flight
    }
}
