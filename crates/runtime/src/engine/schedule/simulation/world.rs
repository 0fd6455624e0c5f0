//! The driver, the device and the callers of a simulation.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};
use std::time::Duration;

use wgslm_testing::random::Random;

use super::super::counting::CountingMemory;
use super::super::{Change, End, FEW_ROWS, Kind, Limits, Next, Outcome, Plan, Refused, RequestId, Scheduler, Step};
use super::client::{Client, Place};
use super::load::{self, Load};
use super::report::Report;
use super::{MASK, READBACK, cost};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Arrival,
    Cancel(RequestId),
    /// The next step of a stepwise request is allowed.
    Allow(RequestId),
    /// The oldest step is read.
    Readback,
    /// The scheduler wanted to be asked now.
    Wake,
}

/// All there is.
pub(super) struct World {
    pub(super) limits: Limits,
    load: Load,
    random: Random,
    pub(super) now: Duration,
    scheduler: Scheduler,
    pub(super) memory: CountingMemory,
    /// The slots and blocks of an empty memory.
    size: (usize, u32),
    /// The second field keeps events of one time in the order in which they were made.
    events: BinaryHeap<Reverse<(Duration, u64, Event)>>,
    made: u64,
    planned: usize,
    arrived: u64,
    pub(super) live: BTreeMap<RequestId, Client>,
    /// Requests that ended since the last plan.
    ended: Vec<RequestId>,
    /// Steps in flight with the times at which the device is done with them.
    pub(super) steps: VecDeque<(Step, Duration)>,
    device_free: Duration,
    last_readback: Duration,
    /// Requests that were given a slot.
    admissions: usize,
    /// The next time at which the scheduler wants to be asked.
    wake: Option<Duration>,
    pub(super) report: Report,
}

impl World {
    pub(super) fn new(limits: &Limits, load: Load, tokens: u32, seed: u64) -> Self {
        let size = (limits.slots, tokens / 16);
        Self {
            limits: limits.clone(),
            load,
            random: Random::new(seed),
            now: Duration::ZERO,
            scheduler: Scheduler::new(limits.clone()),
            memory: CountingMemory::new(size.0, size.1),
            size,
            events: BinaryHeap::new(),
            made: 0,
            planned: 0,
            arrived: 0,
            live: BTreeMap::new(),
            ended: Vec::new(),
            steps: VecDeque::new(),
            device_free: Duration::ZERO,
            last_readback: Duration::ZERO,
            admissions: 0,
            wake: None,
            report: Report::default(),
        }
    }

    /// Runs all requests to their ends.
    pub(super) fn run(mut self) -> Report {
        self.plan_burst();
        while let Some(Reverse((time, _, event))) = self.events.pop() {
            self.now = time;
            match event {
                Event::Arrival => self.arrive(),
                Event::Cancel(id) if self.live.contains_key(&id) => {
                    assert!(self.scheduler.cancel(id));
                    self.end(id, "cancelled");
                }
                Event::Allow(id) => self.allow(id),
                Event::Readback => self.read(),
                Event::Wake => self.wake = None,
                Event::Cancel(_) => {}
            }
            self.drive();
        }
        assert!(self.live.is_empty(), "every request ends: {:?}", self.live);
        assert_eq!((self.memory.free_slots, self.memory.free_blocks), self.size, "no memory is held at the end");
        assert_eq!(self.report.outcomes.values().sum::<usize>(), self.load.requests, "every request ends once");
        self.check_waits();
        self.report.end = self.now;
        self.report
    }

    fn after(&mut self, delay: Duration, event: Event) {
        self.made += 1;
        self.events.push(Reverse((self.now + delay, self.made, event)));
    }

    fn plan_burst(&mut self) {
        let mut burst = self.load.burst(&mut self.random);
        burst.truncate(self.load.requests - self.planned);
        self.planned += burst.len();
        burst.into_iter().for_each(|delay| self.after(delay, Event::Arrival));
    }

    fn arrive(&mut self) {
        self.arrived += 1;
        if self.arrived as usize == self.planned {
            self.plan_burst();
        }
        let id = RequestId(self.arrived);
        let planned = load::planned(id, self.now, &self.limits, &mut self.random);
        let waiting = self.live.values().filter(|client| client.place == Place::Queue).count();
        match self.scheduler.submit(self.now, planned.request.clone()) {
            Ok(()) => {
                assert!(waiting < self.limits.waiting, "the queue has a bound");
                self.live.insert(id, Client::new(&planned, self.now, self.limits.context));
                self.memory.cached.insert(id, planned.cached);
                self.report.longest_queue = self.report.longest_queue.max(waiting + 1);
                planned.cancelled_after.into_iter().for_each(|delay| self.after(delay, Event::Cancel(id)));
                self.allow_later(id);
            }
            Err(Refused::Busy { retry_after_ms }) => {
                assert_eq!(waiting, self.limits.waiting, "only a full queue is busy");
                assert!(retry_after_ms > 0);
                self.count("busy");
            }
            Err(refused) => {
                assert_eq!(refused, Refused::TooLong);
                assert!(planned.request.tokens.len() >= self.limits.context as usize);
                self.count("too long");
            }
        }
    }

    fn allow_later(&mut self, id: RequestId) {
        if self.live[&id].stepwise {
            let delay = Duration::from_micros(50 + self.random.below(MASK.as_micros() as usize - 50) as u64);
            self.after(delay, Event::Allow(id));
        }
    }

    /// Allows the next step of a stepwise request, with drafts of which some are right.
    fn allow(&mut self, id: RequestId) {
        let Some(client) = self.live.get_mut(&id) else { return };
        if client.place == Place::Slot && !self.scheduler.is_held(id) {
            // It has changed its pace since.
            return;
        }
        let drafts = if client.received > 0 { self.random.below(9) as u32 } else { 0 };
        let right = self.random.below(drafts as usize + 1) as u32;
        let token = |index| Client::token(id, client.position() + index) + u32::from(index >= right);
        self.scheduler.allow(id, &(0..drafts).map(token).collect::<Vec<_>>());
        (client.allowed, client.drafts) = (true, (drafts, right));
    }

    /// Has a request whose tokens were read go on, perhaps at another pace.
    fn go_on(&mut self, id: RequestId) {
        let client = self.live.get_mut(&id).expect("it lives");
        if client.changes_pace && self.random.below(8) == 0 {
            client.stepwise = !client.stepwise;
            self.scheduler.set_stepwise(id, client.stepwise);
        }
        assert_eq!(self.scheduler.is_held(id), client.stepwise && client.in_flight == 0);
        if client.in_flight == 0 {
            self.allow_later(id);
        }
    }

    fn count(&mut self, outcome: &'static str) {
        *self.report.outcomes.entry(outcome).or_default() += 1;
    }

    fn end(&mut self, id: RequestId, outcome: &'static str) {
        let client = self.live.remove(&id).expect("a request ends once");
        client.admitted.into_iter().for_each(|admitted| self.report.runs.push(self.now - admitted));
        self.ended.push(id);
        self.count(outcome);
    }

    fn read(&mut self) {
        let (step, _) = self.steps.pop_front().expect("a step is in flight");
        for part in step.parts.iter().filter(|part| part.samples) {
            let Some(client) = self.live.get_mut(&part.id) else {
                let nothing = Outcome { tokens: &[], accepted: 0, stops: true };
                assert!(!self.scheduler.sampled(part.id, nothing), "an ended request takes no token");
                continue;
            };
            let (_, right) = client.drafts;
            let steps = client.stepwise && client.in_flight == 1;
            let follow = if steps && self.random.below(4) == 0 { self.random.below(40) as u32 } else { 0 };
            client.follows = follow > 0;
            let accepted = if steps { right } else { 0 };
            let (tokens, stops) = client.receive(accepted + 1 + follow);
            let full = client.full();
            let outcome = Outcome { tokens: &tokens, accepted: accepted.min(tokens.len() as u32), stops };
            assert_eq!(self.scheduler.sampled(part.id, outcome), stops || full);
            self.report.tokens += tokens.len() as u64;
            if stops || full {
                self.end(part.id, if stops { "stopped" } else { "full" });
            } else {
                self.go_on(part.id);
            }
        }
        self.scheduler.finished(step.number);
    }

    /// Does what the scheduler says until it waits.
    fn drive(&mut self) {
        loop {
            let plan = self.scheduler.plan(self.now, &mut self.memory);
            self.apply(&plan);
            match plan.next {
                Next::Step(step) => self.submit(step),
                Next::Wait { until } => {
                    self.check_wait();
                    self.wake_at(until);
                    return;
                }
                Next::Idle => {
                    assert!(self.live.is_empty() && self.steps.is_empty());
                    return;
                }
            }
        }
    }

    fn wake_at(&mut self, until: Option<Duration>) {
        let Some(time) = until.filter(|time| self.wake.is_none_or(|wake| *time < wake)) else { return };
        self.wake = Some(time);
        self.after(time.checked_sub(self.now).expect("a wait is for the future"), Event::Wake);
    }

    /// Follows the changes of a plan, and checks that memory belongs to those who run.
    fn apply(&mut self, plan: &Plan) {
        let mut checked = false;
        for change in &plan.changes {
            match *change {
                Change::Ended { id, end } => {
                    let client = &self.live[&id];
                    let (time, outcome) = match end {
                        End::QueueDeadline => (client.admit_by, "queue deadline"),
                        End::RunDeadline => (client.finish_by, "run deadline"),
                        End::OutOfMemory => panic!("every sequence fits alone"),
                    };
                    assert_eq!(time, Some(self.now), "deadlines are kept");
                    assert!(end == End::RunDeadline || client.place == Place::Queue);
                    self.end(id, outcome);
                }
                Change::Admitted { id, cached } => {
                    if !std::mem::replace(&mut checked, true) {
                        self.check_window();
                    }
                    self.check_turn(id);
                    let client = self.live.get_mut(&id).expect("only live requests are admitted");
                    if client.place == Place::Queue {
                        self.report.waits.entry(client.priority).or_default().push(self.now - client.arrived);
                    }
                    self.admissions += 1;
                    client.admit(self.now, self.admissions, cached, self.scheduler.tokens(id).expect("it lives"));
                    let due = self.now + self.longest_prefill();
                    self.live.get_mut(&id).into_iter().for_each(|client| client.due = due);
                }
                Change::Preempted { id } => {
                    self.check_victim(id);
                    self.live.get_mut(&id).expect("only live requests are preempted").place = Place::Preempted;
                    self.report.preemptions += 1;
                }
            }
        }
        assert!(self.ended.drain(..).all(|id| !self.memory.open.contains_key(&id)), "ended requests hold no memory");
        let slots = self.live.values().filter(|client| client.place == Place::Slot);
        assert!(slots.map(|client| client.id).eq(self.memory.open.keys().copied()));
    }

    fn submit(&mut self, step: Step) {
        let rows: u32 = step.parts.iter().map(|part| part.tokens).sum();
        let decodes = self.live.values().any(Client::decodes);
        let most = match step.kind {
            Kind::Few => FEW_ROWS,
            Kind::Bulk if decodes => self.limits.budget,
            Kind::Bulk => self.limits.bulk_tokens,
        };
        assert!((1..=most).contains(&rows) && step.parts.len() <= FEW_ROWS as usize);
        assert!(self.steps.len() < self.limits.steps_in_flight);
        let cost = cost(&step);
        let done = self.now.max(self.device_free) + cost;
        for (index, part) in step.parts.iter().enumerate() {
            assert!(step.parts[..index].iter().all(|other| other.id != part.id), "a sequence has one part");
            let client = self.live.get_mut(&part.id).expect("only live requests have rows");
            client.submit(part);
            assert!(part.first + part.tokens <= self.memory.open[&part.id] * 16, "rows have room");
            if part.samples {
                let last = client.last_token.replace(done);
                assert!(last.is_some() || done <= client.due || !self.memory.refused.is_empty(), "{client:?} starved");
                match last {
                    None => self.report.first_tokens.entry(client.priority).or_default().push(done - client.arrived),
                    // Rows of tokens that were given out already come first.
                    Some(_) if self.memory.refused.contains(&part.id) || client.follows => {}
                    Some(last) => {
                        self.report.gaps.entry(client.stepwise || client.changes_pace).or_default().push(done - last);
                    }
                }
            }
        }
        self.device_free = done;
        self.report.steps += 1;
        self.report.rows += u64::from(rows);
        self.report.busy += cost;
        let delay = Duration::from_micros(self.random.below(READBACK.as_micros() as usize) as u64);
        self.last_readback = self.last_readback.max(done + delay);
        self.after(self.last_readback - self.now, Event::Readback);
        self.steps.push_back((step, done));
    }
}
