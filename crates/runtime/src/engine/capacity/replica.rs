//! One engine of a fleet: its scheduler, its memory by numbers, and its device by the costs of steps.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::super::schedule::{Change, CountingMemory, Next, Outcome, Priority, Request, RequestId, Scheduler, Step};
use super::{Arrival, ReplicaLimits, StepCosts};
use crate::engine::BLOCK_TOKENS;

/// Tokens in flight of every request, as by default.
const IN_FLIGHT: u32 = 4;

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Event {
    /// Its first token is there.
    Began(usize),
    /// Its last token is there.
    Ended(usize),
    /// It has no room.
    Refused(usize),
}

/// An answer under way.
#[derive(Debug)]
struct Answer {
    index: usize,
    began: bool,
}

/// One engine of a fleet.
#[derive(Debug)]
pub(super) struct Replica {
    scheduler: Scheduler,
    memory: CountingMemory,
    /// Steps in flight with the times at which they are read.
    steps: VecDeque<(Step, Duration)>,
    /// The time at which the device has done all steps.
    free: Duration,
    /// The time at which the scheduler wants to be asked.
    wake: Option<Duration>,
    answers: BTreeMap<RequestId, Answer>,
    submitted: u64,
    pub(super) steps_run: u64,
    /// The time at which it began to be paid for.
    pub(super) started: Duration,
    /// It takes no more requests.
    pub(super) leaves: bool,
}

impl Replica {
    pub(super) fn new(limits: &ReplicaLimits, started: Duration) -> Self {
        Self {
            scheduler: Scheduler::new(limits.scheduler.clone()),
            memory: CountingMemory::new(limits.scheduler.slots, limits.kv_tokens / BLOCK_TOKENS),
            steps: VecDeque::new(),
            free: Duration::ZERO,
            wake: None,
            answers: BTreeMap::new(),
            submitted: 0,
            steps_run: 0,
            started,
            leaves: false,
        }
    }

    /// Requests that wait for a slot.
    pub(super) fn waiting(&self) -> usize {
        self.scheduler.waiting()
    }

    /// Requests that wait or run.
    pub(super) fn pending(&self) -> usize {
        self.answers.len()
    }

    /// Takes a request; false where it is refused.
    pub(super) fn submit(&mut self, now: Duration, index: usize, arrival: &Arrival) -> bool {
        self.submitted += 1;
        let id = RequestId(self.submitted);
        self.memory.cached.insert(id, arrival.cached_tokens);
        let request = Request {
            id,
            priority: Priority::Interactive,
            tokens: vec![0; arrival.prompt_tokens as usize],
            most_tokens: arrival.answer_tokens,
            tokens_in_flight: IN_FLIGHT,
            stepwise: false,
            admit_by: None,
            finish_by: None,
        };
        let taken = self.scheduler.submit(now, request).is_ok();
        if taken {
            self.answers.insert(id, Answer { index, began: false });
        } else {
            self.memory.cached.remove(&id);
        }
        taken
    }

    /// The next time at which something happens by itself.
    pub(super) fn next(&self) -> Option<Duration> {
        self.steps.front().map(|(_, read)| *read).into_iter().chain(self.wake).min()
    }

    /// Does what is due at a time, and submits what may be submitted then.
    pub(super) fn advance(&mut self, now: Duration, costs: &StepCosts, events: &mut Vec<Event>) {
        while self.steps.front().is_some_and(|(_, read)| *read <= now) {
            if let Some((step, _)) = self.steps.pop_front() {
                self.read(&step, events);
            }
        }
        self.wake = self.wake.filter(|time| *time > now);
        loop {
            let plan = self.scheduler.plan(now, &mut self.memory);
            for change in plan.changes {
                if let Change::Ended { id, .. } = change {
                    // Without deadlines only a sequence that the memory doesn't hold alone.
                    events.extend(self.answers.remove(&id).map(|answer| Event::Refused(answer.index)));
                }
            }
            match plan.next {
                Next::Step(step) => {
                    let idle = now.saturating_sub(self.free);
                    self.free = self.free.max(now) + costs.wake(idle) + costs.of(&step);
                    self.steps_run += 1;
                    self.steps.push_back((step, self.free + costs.readback()));
                }
                Next::Wait { until } => {
                    self.wake = until;
                    return;
                }
                Next::Idle => return,
            }
        }
    }

    fn read(&mut self, step: &Step, events: &mut Vec<Event>) {
        for part in step.parts.iter().filter(|part| part.samples) {
            let ended = self.scheduler.sampled(part.id, Outcome { tokens: &[0], accepted: 0, stops: false });
            let Some(answer) = self.answers.get_mut(&part.id) else { continue };
            if !std::mem::replace(&mut answer.began, true) {
                events.push(Event::Began(answer.index));
            }
            if ended {
                events.push(Event::Ended(answer.index));
                self.answers.remove(&part.id);
                self.memory.cached.remove(&part.id);
            }
        }
        self.scheduler.finished(step.number);
    }
}
