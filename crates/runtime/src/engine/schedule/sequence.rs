//! A running request: the rows that it has submitted, and those that it may submit next.

use std::time::Duration;

use super::queue::Waiting;
use super::{Kind, Part, Request, Source};

/// A request with a slot.
#[derive(Debug)]
pub(super) struct Sequence {
    /// Its tokens are those known so far.
    pub(super) request: Request,
    /// The time at which the request was submitted.
    arrived: Duration,
    /// Counts up from one in the order of admission.
    pub(super) admitted: u64,
    /// The kernels that the prompt runs in, chosen by its own length so that neighbours don't matter.
    kind: Kind,
    /// Tokens of the prompt; an answer interrupted by preemption is part of it.
    prompt: u32,
    /// Tokens that are cached or submitted, without drafts.
    ran: u32,
    /// Steps that sample for the sequence and haven't been read.
    in_flight: u32,
    /// Those of them that were submitted before the sequence was taken back.
    taken_back: u32,
    /// The next step of a stepwise sequence may come.
    ready: bool,
    /// The drafts of that step or, once it is submitted, of the one in flight.
    drafts: Vec<u32>,
}

impl Sequence {
    pub(super) fn new(waiting: Waiting, cached: u32, few_rows: u32, admitted: u64) -> Self {
        let Waiting { request, arrived, ready } = waiting;
        let prompt = request.tokens.len() as u32;
        let ran = cached.min(prompt - 1);
        let kind = if prompt - ran <= few_rows { Kind::Few } else { Kind::Bulk };
        Self { request, arrived, admitted, kind, prompt, ran, in_flight: 0, taken_back: 0, ready, drafts: Vec::new() }
    }

    /// Turns the sequence back into a request that waits. Its prompt is all its tokens; none may be in flight.
    pub(super) fn into_waiting(mut self) -> Waiting {
        self.request.most_tokens -= self.received();
        self.request.admit_by = None;
        Waiting { request: self.request, arrived: self.arrived, ready: self.ready }
    }

    /// Tokens of the answer that have been read.
    fn received(&self) -> u32 {
        self.request.tokens.len() as u32 - self.prompt
    }

    /// Tokens of the prompt that have to be submitted.
    pub(super) fn remaining(&self) -> u32 {
        self.prompt.saturating_sub(self.ran)
    }

    /// Rows of the prompt have to run in steps of `kind`.
    pub(super) fn prefills(&self, kind: Kind) -> bool {
        self.remaining() > 0 && self.kind == kind
    }

    /// A stream runs: the whole prompt has been submitted, and not all of the answer.
    pub(super) fn decodes(&self) -> bool {
        self.remaining() == 0 && self.received() + self.in_flight < self.request.most_tokens
    }

    /// The next token may be sampled in the next step, once the rows before it have been submitted.
    pub(super) fn may_sample(&self) -> bool {
        if self.request.stepwise { self.ready && self.in_flight == 0 } else { self.in_flight < self.tokens_in_flight() }
    }

    /// The stream has all its tokens in flight, and goes on with a readback.
    pub(super) fn awaits_readback(&self) -> bool {
        self.decodes() && self.in_flight >= self.tokens_in_flight()
    }

    /// The sequence goes on once its next step is [allowed](Self::allow), and not before.
    pub(super) fn is_held(&self) -> bool {
        self.request.stepwise && !self.ready && self.in_flight == 0
    }

    /// Tokens that may be sampled before the first of them is read.
    pub(super) fn tokens_in_flight(&self) -> u32 {
        if self.request.stepwise { 1 } else { self.request.tokens_in_flight.max(1) }
    }

    /// The next `tokens` tokens of the prompt.
    pub(super) fn prompt_part(&self, tokens: u32) -> Part {
        let samples = tokens == self.remaining();
        Part { id: self.request.id, first: self.ran, tokens, source: Source::Known, samples, drafts: 0 }
    }

    /// The rows from which the next token is sampled, at most `free`: the token sampled last or, where it is known, all known tokens that
    /// haven't run, and the drafts that follow them.
    pub(super) fn decode_part(&self, free: u32) -> Part {
        let part =
            Part { id: self.request.id, first: self.ran, tokens: 1, source: Source::Sampled, samples: true, drafts: 0 };
        if self.in_flight > 0 {
            return part;
        }
        let known = self.request.tokens.len() as u32 - self.ran;
        let drafts = free.saturating_sub(known).min(self.drafts.len() as u32);
        Part { tokens: free.min(known + drafts), source: Source::Known, samples: known <= free, drafts, ..part }
    }

    /// Records that a part is in the next step.
    pub(super) fn submit(&mut self, part: &Part) {
        self.ran += part.tokens - part.drafts;
        if part.samples {
            self.drafts.truncate(part.drafts as usize);
            self.in_flight += 1;
            self.ready = false;
        }
    }

    /// The drafts of the step in flight.
    pub(super) fn drafts(&self) -> &[u32] {
        &self.drafts
    }

    /// Records that the next step may come, and try `drafts`, as far as the answer may be that long.
    pub(super) fn allow(&mut self, drafts: &[u32]) {
        debug_assert!(self.in_flight == 0, "what follows isn't known before the last token is read");
        let most = self.request.most_tokens.saturating_sub(self.received() + 1) as usize;
        self.ready = true;
        self.drafts.clear();
        self.drafts.extend_from_slice(&drafts[..drafts.len().min(most)]);
    }

    /// Takes back the last known token's row and all rows after it, which a step in flight may still run. The sequence goes step by step
    /// from there, once those steps have been read. Returns the rows that stay.
    pub(super) fn take_back(&mut self) -> u32 {
        self.ran = self.request.tokens.len() as u32 - 1;
        self.taken_back = self.in_flight;
        self.request.stepwise = true;
        self.ready = false;
        self.ran
    }

    /// Records that a step was read which had been taken back; false where none is expected.
    pub(super) fn discard(&mut self) -> bool {
        let expected = self.taken_back > 0;
        self.taken_back -= u32::from(expected);
        self.in_flight -= u32::from(expected);
        expected
    }

    /// Appends what a step gave; true where the answer has all tokens that it may have.
    pub(super) fn receive(&mut self, tokens: &[u32], accepted: u32) -> bool {
        debug_assert!(self.in_flight > 0, "a token is read after it was submitted");
        self.in_flight -= 1;
        self.ran += accepted;
        self.drafts.clear();
        self.request.tokens.extend_from_slice(tokens);
        self.received() >= self.request.most_tokens
    }
}
