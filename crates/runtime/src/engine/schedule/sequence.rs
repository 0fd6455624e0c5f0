//! A running request: the rows that it has submitted, and those that it may submit next.

use std::time::Duration;

use super::queue::Waiting;
use super::{Kind, Part, Request, Source};

/// A request with a slot.
#[derive(Debug)]
pub(super) struct Sequence {
    pub(super) request: Request,
    /// The time at which the request was submitted.
    arrived: Duration,
    /// Counts up from one in the order of admission.
    pub(super) admitted: u64,
    /// The kernels that the prompt runs in, chosen by its own length so that neighbours don't matter.
    kind: Kind,
    /// Tokens of the prompt; an answer interrupted by preemption is part of it.
    prompt: u32,
    /// Tokens of the prompt that are cached or submitted.
    prefilled: u32,
    /// Tokens whose sampling has been submitted.
    submitted: u32,
    /// Tokens that have been read.
    received: u32,
    /// The mask of the next token is there.
    masked: bool,
}

impl Sequence {
    pub(super) fn new(waiting: Waiting, cached: u32, few_rows: u32, admitted: u64) -> Self {
        let Waiting { request, arrived, masked } = waiting;
        let prompt = request.tokens.len() as u32;
        let prefilled = cached.min(prompt - 1);
        let kind = if prompt - prefilled <= few_rows { Kind::Few } else { Kind::Bulk };
        Self { request, arrived, admitted, kind, prompt, prefilled, submitted: 0, received: 0, masked }
    }

    /// Turns the sequence back into a request that waits. Its prompt is all its tokens; none may be in flight.
    pub(super) fn into_waiting(mut self) -> Waiting {
        self.request.most_tokens -= self.received;
        self.request.admit_by = None;
        Waiting { request: self.request, arrived: self.arrived, masked: self.masked }
    }

    /// Tokens of the prompt that have to be submitted.
    pub(super) fn remaining(&self) -> u32 {
        self.prompt - self.prefilled
    }

    /// Rows of the prompt have to run in steps of `kind`.
    pub(super) fn prefills(&self, kind: Kind) -> bool {
        self.remaining() > 0 && self.kind == kind
    }

    /// A stream runs: the whole prompt has been submitted, and not all of the answer.
    pub(super) fn decodes(&self) -> bool {
        self.remaining() == 0 && self.submitted < self.request.most_tokens
    }

    /// The next token may be sampled in the next step, once the rows before it have been submitted.
    pub(super) fn may_sample(&self) -> bool {
        let in_flight = self.submitted - self.received;
        if self.request.constrained { self.masked && in_flight == 0 } else { in_flight < self.tokens_in_flight() }
    }

    /// The stream has all its tokens in flight, and goes on with a readback.
    pub(super) fn awaits_readback(&self) -> bool {
        self.decodes() && self.submitted - self.received >= self.tokens_in_flight()
    }

    /// The sequence goes on with its mask and nothing else.
    pub(super) fn awaits_mask(&self) -> bool {
        self.request.constrained && !self.masked && self.submitted == self.received
    }

    /// Tokens that may be sampled before the first of them is read.
    pub(super) fn tokens_in_flight(&self) -> u32 {
        if self.request.constrained { 1 } else { self.request.tokens_in_flight.max(1) }
    }

    /// The next `tokens` tokens of the prompt.
    pub(super) fn prompt_part(&self, tokens: u32) -> Part {
        let samples = tokens == self.remaining();
        Part { id: self.request.id, first: self.prefilled, tokens, source: Source::Prompt, samples }
    }

    /// The row of the token sampled last.
    pub(super) fn decode_part(&self) -> Part {
        let first = self.prompt + self.submitted - 1;
        Part { id: self.request.id, first, tokens: 1, source: Source::Sampled, samples: true }
    }

    /// Records that a part is in the next step.
    pub(super) fn submit(&mut self, part: &Part) {
        if part.source == Source::Prompt {
            self.prefilled += part.tokens;
        }
        if part.samples {
            self.submitted += 1;
            self.masked = false;
        }
    }

    /// Records that the mask of the next token is there.
    pub(super) fn mask(&mut self) {
        self.masked = true;
    }

    /// Appends a token that has been read; true where it is the last one allowed.
    pub(super) fn receive(&mut self, token: u32) -> bool {
        debug_assert!(self.received < self.submitted, "a token is read after it was submitted");
        self.request.tokens.push(token);
        self.received += 1;
        self.received >= self.request.most_tokens
    }
}
