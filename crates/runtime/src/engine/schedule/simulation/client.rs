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
    pub(super) constrained: bool,
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
    pub(super) masked: bool,
    stops_after: u32,
    most_tokens: u32,
    pub(super) tokens_in_flight: u32,
    /// Tokens that came with the request.
    original: u32,
    /// Tokens of the prompt since the last admission.
    prompt: u32,
    /// The position of the next row.
    next: u32,
    submitted: u32,
    pub(super) received: u32,
}

impl Client {
    pub(super) fn new(planned: &Planned, arrived: Duration, context: u32) -> Self {
        let Planned { request, stops_after, .. } = planned;
        let prompt = request.tokens.len() as u32;
        Self {
            id: request.id,
            priority: request.priority,
            constrained: request.constrained,
            arrived,
            place: Place::Queue,
            admitted: None,
            order: 0,
            due: Duration::ZERO,
            finish_by: request.finish_by,
            admit_by: request.admit_by,
            last_token: None,
            masked: false,
            stops_after: *stops_after,
            most_tokens: request.most_tokens.min(context - prompt),
            tokens_in_flight: if request.constrained { 1 } else { request.tokens_in_flight },
            original: prompt,
            prompt,
            next: 0,
            submitted: 0,
            received: 0,
        }
    }

    /// The token that a request's answer has at a position.
    pub(super) fn token(id: RequestId, position: u32) -> u32 {
        (id.0 as u32).wrapping_mul(31).wrapping_add(position)
    }

    /// The request takes a slot, perhaps again.
    pub(super) fn admit(&mut self, now: Duration, order: usize, cached: u32, tokens: &[u32]) {
        assert_eq!(self.submitted, self.received, "a preempted request has no token in flight");
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
        let source = if self.prefills() { Source::Prompt } else { Source::Sampled };
        assert!(part.source == source && (source == Source::Prompt || part.tokens == 1));
        self.next += part.tokens;
        assert_eq!(part.samples, self.next >= self.prompt, "the last row of a prompt samples, and each after it");
        if part.samples {
            assert!(self.may_sample(), "{self:?} may not sample");
            self.submitted += 1;
            self.masked = false;
        }
    }

    /// A token has been read; true where the answer stops with it.
    pub(super) fn receive(&mut self) -> bool {
        self.received += 1;
        self.received >= self.stops_after
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
        self.place == Place::Slot && self.next >= self.prompt && self.submitted < self.most_tokens
    }

    pub(super) fn may_sample(&self) -> bool {
        self.submitted - self.received < self.tokens_in_flight && (self.masked || !self.constrained)
    }

    /// The length of the sequence with its next row.
    pub(super) fn next_length(&self) -> u32 {
        self.next + 1
    }
}
