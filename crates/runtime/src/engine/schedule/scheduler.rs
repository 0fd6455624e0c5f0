//! The scheduler itself: who is admitted, which step comes next, and who gives way where memory is short.

use std::collections::VecDeque;
use std::time::Duration;

use super::queue::{Queue, Waiting};
use super::sequence::Sequence;
use super::steps::{self, Turns};
use super::{Change, End, Kind, Limits, Memory, Next, Outcome, Part, Plan, Refused, Request, RequestId, Step};

/// Steps of [`Kind::Bulk`] in flight at a time: one runs while the next waits. More would only delay whoever comes next.
const BULK_IN_FLIGHT: usize = 2;

/// Steps in which nobody is admitted after a sequence went without room, unless one ends. Those that run come first, and what is lost when
/// the next one to be admitted has to give way again stays small beside these steps.
const CLOSED_STEPS: u64 = 512;

/// The requests of one model, and the steps that they are in.
#[derive(Debug)]
pub(crate) struct Scheduler {
    limits: Limits,
    queue: Queue,
    /// In the order of admission.
    running: Vec<Sequence>,
    /// Requests that have ended and whose memory hasn't been given back yet.
    ended: Vec<Request>,
    /// The kinds of the steps that are submitted and not read.
    in_flight: VecDeque<Kind>,
    /// The number of the next step.
    number: u64,
    /// The kind of the last step.
    last: Kind,
    turns: Turns,
    /// Sequences that have been admitted so far.
    admitted: u64,
    /// The step before which nobody is admitted; see [`CLOSED_STEPS`].
    opens: u64,
    /// Requests wait for the end of the batching window.
    window_is_open: bool,
    /// The end of the last batching window.
    window_closed: Option<Duration>,
}

impl Scheduler {
    pub(crate) fn new(mut limits: Limits) -> Self {
        limits.few_rows = limits.few_rows.max(1);
        limits.bulk_tokens = limits.bulk_tokens.max(1);
        limits.budget = limits.budget.clamp(1, limits.bulk_tokens);
        limits.steps_in_flight = limits.steps_in_flight.max(1);
        Self {
            queue: Queue::new(&limits),
            running: Vec::with_capacity(limits.slots),
            ended: Vec::with_capacity(limits.slots),
            in_flight: VecDeque::with_capacity(limits.steps_in_flight),
            number: 0,
            last: Kind::Bulk,
            turns: Turns::default(),
            admitted: 0,
            opens: 0,
            limits,
            window_is_open: false,
            window_closed: None,
        }
    }

    /// Takes a request, or refuses it at once.
    ///
    /// # Errors
    /// The reason for which it is refused.
    pub(crate) fn submit(&mut self, now: Duration, mut request: Request) -> Result<(), Refused> {
        if request.tokens.is_empty() || request.most_tokens == 0 {
            return Err(Refused::Empty);
        }
        let left = self.limits.context as usize - request.tokens.len().min(self.limits.context as usize);
        if left == 0 {
            return Err(Refused::TooLong);
        }
        request.most_tokens = request.most_tokens.min(left as u32);
        self.queue.push(now, request).map_err(|time| Refused::Busy { retry_after_ms: (time.as_millis() as u64).max(1) })
    }

    /// The bounds that it keeps.
    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The number of requests that wait for a slot.
    pub(crate) fn waiting(&self) -> usize {
        self.queue.len()
    }

    /// The time in which a place in the queue is likely to be free, in milliseconds.
    pub(crate) fn retry_after_ms(&self, now: Duration) -> u64 {
        (self.queue.time_to_leave(now).as_millis() as u64).max(1)
    }

    /// Ends a request; false where it has ended already. Its memory is given back [later](Self::give_back).
    pub(crate) fn cancel(&mut self, id: RequestId) -> bool {
        self.queue.cancel(id) || self.end(id)
    }

    /// Has a request go step by step from now on, or ahead of its readback.
    pub(crate) fn set_stepwise(&mut self, id: RequestId, stepwise: bool) {
        if let Some(sequence) = self.sequence(id) {
            sequence.request.stepwise = stepwise;
        } else if let Some(waiting) = self.queue.get_mut(id) {
            waiting.request.stepwise = stepwise;
        }
    }

    /// True where a request goes on with [`Self::allow`] and not before; nothing of it is in flight then.
    pub(crate) fn is_held(&self, id: RequestId) -> bool {
        let waits = || self.queue.get(id).is_some_and(|waiting| waiting.request.stepwise && !waiting.ready);
        self.running.iter().any(|sequence| sequence.request.id == id && sequence.is_held()) || waits()
    }

    /// Records that the next step of a stepwise request may come, and try `drafts`, tokens that may be the next ones.
    pub(crate) fn allow(&mut self, id: RequestId, drafts: &[u32]) {
        if let Some(sequence) = self.sequence(id) {
            sequence.allow(drafts);
        } else if let Some(waiting) = self.queue.get_mut(id) {
            waiting.ready = true;
        }
    }

    /// True where requests run besides this one.
    pub(crate) fn runs_beside(&self, id: RequestId) -> bool {
        self.running.iter().any(|sequence| sequence.request.id != id)
    }

    /// Takes back the row of a request's last known token and all after it, because what was sampled from it doesn't count. The request goes
    /// step by step from there. Returns the rows that stay; `None` where it doesn't run.
    pub(crate) fn take_back(&mut self, id: RequestId) -> Option<u32> {
        self.sequence(id).map(Sequence::take_back)
    }

    /// Records that a step was read which [had been taken back](Self::take_back); false where it counts.
    pub(crate) fn discard(&mut self, id: RequestId) -> bool {
        self.sequence(id).is_some_and(Sequence::discard)
    }

    /// The drafts that follow the known tokens of a request in the step that was planned last.
    pub(crate) fn drafts(&self, id: RequestId) -> &[u32] {
        self.running.iter().find(|sequence| sequence.request.id == id).map_or(&[], Sequence::drafts)
    }

    fn sequence(&mut self, id: RequestId) -> Option<&mut Sequence> {
        self.running.iter_mut().find(|sequence| sequence.request.id == id)
    }

    /// Records what a step that was read back gave a request, and returns true where the request has ended with it: it stops, or has all
    /// the tokens that it may have. Outcomes for requests that have ended are ignored.
    pub(crate) fn sampled(&mut self, id: RequestId, outcome: Outcome<'_>) -> bool {
        let Some(sequence) = self.sequence(id) else { return false };
        let full = sequence.receive(outcome.tokens, outcome.accepted);
        (full || outcome.stops) && self.end(id)
    }

    /// Has a request that has just ended go on with other tokens, and at most `most_tokens` more. It waits at the front of the queue.
    pub(crate) fn go_on(&mut self, id: RequestId, most_tokens: u32, change: impl FnOnce(&mut Vec<u32>)) {
        let Some(ended) = self.ended.iter().rfind(|request| request.id == id) else { return };
        let mut request = Request { admit_by: None, ..ended.clone() };
        change(&mut request.tokens);
        request.most_tokens = most_tokens.min(self.limits.context.saturating_sub(request.tokens.len() as u32));
        // It waits for no batching window.
        self.queue.put_back(Waiting { request, arrived: Duration::ZERO, ready: false });
    }

    /// Records that a step was read back. Steps are in order, and a step's tokens come before it.
    pub(crate) fn finished(&mut self, number: u64) {
        debug_assert_eq!(number + self.in_flight.len() as u64, self.number, "steps are read in order");
        self.in_flight.pop_front();
    }

    /// The tokens of a request so far: its prompt, and what has been read of its answer.
    pub(crate) fn tokens(&self, id: RequestId) -> Option<&[u32]> {
        let running = self.running.iter().map(|sequence| &sequence.request).find(|request| request.id == id);
        let request = running.or_else(|| self.queue.get(id).map(|waiting| &waiting.request));
        request.map(|request| request.tokens.as_slice())
    }

    /// Gives back the memory of requests that have ended, as the next plan does otherwise.
    pub(crate) fn give_back(&mut self, memory: &mut impl Memory) {
        for request in self.ended.drain(..) {
            memory.close(request.id, &request.tokens);
            self.opens = 0;
        }
    }

    /// Says what to do next.
    pub(crate) fn plan(&mut self, now: Duration, memory: &mut impl Memory) -> Plan {
        let mut plan = Plan::default();
        self.expire(now, &mut plan);
        self.give_back(memory);
        plan.next = loop {
            self.admit(now, memory, &mut plan);
            if let Some(step) = self.step(memory) {
                break Next::Step(step);
            }
            let may_go_on = !self.in_flight.is_empty() || self.running.iter().any(Sequence::is_held);
            if may_go_on || self.running.is_empty() {
                break self.wait(now);
            }
            self.make_room(memory, &mut plan);
        };
        plan
    }

    /// Ends the requests whose deadline has come.
    fn expire(&mut self, now: Duration, plan: &mut Plan) {
        self.queue.expire(now, &mut plan.changes);
        let over = |sequence: &mut Sequence| sequence.request.finish_by.is_some_and(|time| time <= now);
        for Sequence { request, .. } in self.running.extract_if(.., over) {
            plan.changes.push(Change::Ended { id: request.id, end: End::RunDeadline });
            self.ended.push(request);
        }
    }

    /// Gives free slots to requests whose turn it is.
    fn admit(&mut self, now: Duration, memory: &mut impl Memory, plan: &mut Plan) {
        let closed = self.number < self.opens && !self.running.is_empty();
        if closed {
            return;
        }
        if self.window_end(now).is_some() {
            self.window_is_open = true;
            return;
        }
        if std::mem::take(&mut self.window_is_open) {
            self.window_closed = Some(now);
        }
        while self.running.len() < self.limits.slots {
            let admitted = self.queue.take(now, |request| memory.open(request.id, &request.tokens));
            let Some((waiting, cached)) = admitted else { return };
            self.admitted += 1;
            plan.changes.push(Change::Admitted { id: waiting.request.id, cached });
            self.running.push(Sequence::new(waiting, cached, self.limits.few_rows, self.admitted));
        }
    }

    /// The end of the last batching window, if there has been one.
    pub(crate) fn window_closed(&self) -> Option<Duration> {
        self.window_closed
    }

    /// The end of the batching window, where requests wait for it: prefill isn't under way, and the slots aren't enough for more.
    fn window_end(&self, now: Duration) -> Option<Duration> {
        let end = self.queue.oldest()?.saturating_add(self.limits.window);
        let free = self.limits.slots - self.running.len();
        let prefills = || self.running.iter().any(|sequence| sequence.remaining() > 0);
        (now < end && self.queue.len() < free && !prefills()).then_some(end)
    }

    /// Puts the next step together, where there is one that may be submitted now.
    fn step(&mut self, memory: &mut impl Memory) -> Option<Step> {
        let most = self.running.iter().map(Sequence::tokens_in_flight).max().unwrap_or(0) as usize;
        if self.in_flight.len() >= most.max(BULK_IN_FLIGHT).min(self.limits.steps_in_flight) {
            return None;
        }
        // Kinds alternate, so that streams and long prompts both go on.
        let kinds = if self.last == Kind::Few { [Kind::Bulk, Kind::Few] } else { [Kind::Few, Kind::Bulk] };
        kinds.into_iter().find_map(|kind| {
            let parts = self.parts(kind, memory);
            if parts.is_empty() {
                return None;
            }
            let number = self.number;
            self.number += 1;
            self.last = kind;
            self.in_flight.push_back(kind);
            Some(Step { number, kind, parts })
        })
    }

    fn parts(&mut self, kind: Kind, memory: &mut impl Memory) -> Vec<Part> {
        let rows = match kind {
            Kind::Bulk if !self.may_bulk() => return Vec::new(),
            Kind::Bulk if self.running.iter().any(Sequence::decodes) => self.limits.budget,
            _ => self.limits.bulk_tokens,
        };
        let Self { running, turns, opens, number, limits, .. } = self;
        let mut reserve = |id, length| {
            let reserved = memory.reserve(id, length);
            if !reserved {
                *opens = *number + CLOSED_STEPS;
            }
            reserved
        };
        match kind {
            Kind::Few => turns.few(running, limits.few_rows, &mut reserve),
            Kind::Bulk => steps::bulk(running, (rows, limits.few_rows), &mut reserve),
        }
    }

    /// A long prompt may go on. Two chunks in a row would stall the streams that go on with the next readback; stepwise streams hold
    /// nobody.
    fn may_bulk(&self) -> bool {
        let in_flight = self.in_flight.iter().filter(|kind| **kind == Kind::Bulk).count();
        let stalls = |sequence: &Sequence| !sequence.request.stepwise && sequence.awaits_readback();
        in_flight < BULK_IN_FLIGHT && (self.last == Kind::Few || !self.running.iter().any(stalls))
    }

    /// Preempts the youngest sequence of the lowest priority, or ends the only one. Nothing is in flight, and nothing has room to go on.
    fn make_room(&mut self, memory: &mut impl Memory, plan: &mut Plan) {
        let Some(index) = (0..self.running.len()).max_by_key(|index| (self.running[*index].request.priority, *index))
        else {
            return;
        };
        let sequence = self.running.remove(index);
        let id = sequence.request.id;
        memory.close(id, &sequence.request.tokens);
        if self.running.is_empty() {
            self.opens = 0;
            plan.changes.push(Change::Ended { id, end: End::OutOfMemory });
        } else {
            plan.changes.push(Change::Preempted { id });
            self.queue.put_back(sequence.into_waiting());
        }
    }

    /// A wait for whatever comes next.
    fn wait(&self, now: Duration) -> Next {
        if self.running.is_empty() && self.queue.len() == 0 && self.in_flight.is_empty() {
            return Next::Idle;
        }
        let deadlines = self.running.iter().filter_map(|sequence| sequence.request.finish_by);
        Next::Wait { until: deadlines.chain(self.queue.expiry()).chain(self.window_end(now)).min() }
    }

    /// Ends a running request; false where it doesn't run.
    fn end(&mut self, id: RequestId) -> bool {
        let index = self.running.iter().position(|sequence| sequence.request.id == id);
        index.map(|index| self.ended.push(self.running.remove(index).request)).is_some()
    }
}
