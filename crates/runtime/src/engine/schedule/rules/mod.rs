//! Tests of the scheduler's rules, one by one.

mod memory;

use std::time::Duration;

use super::counting::CountingMemory;
use super::*;

const LIMITS: Limits = Limits {
    slots: 8,
    context: 4096,
    waiting: 100,
    few_rows: FEW_ROWS,
    bulk_tokens: 512,
    budget: 128,
    steps_in_flight: 3,
    window: Duration::ZERO,
    patience: Duration::from_millis(100),
};

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

fn request(id: u64, prompt: usize) -> Request {
    Request {
        id: RequestId(id),
        priority: Priority::Interactive,
        tokens: vec![0; prompt],
        most_tokens: 100,
        tokens_in_flight: 3,
        stepwise: false,
        admit_by: None,
        finish_by: None,
    }
}

const STOP: Outcome<'_> = Outcome { tokens: &[], accepted: 0, stops: true };

/// A token by which the answer goes on.
fn token(token: u32) -> Outcome<'static> {
    const TOKENS: [u32; 10] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
    Outcome { tokens: &TOKENS[token as usize..][..1], accepted: 0, stops: false }
}

/// A scheduler with its memory and a clock, whose steps are read when a test says so.
struct Engine {
    scheduler: Scheduler,
    memory: CountingMemory,
    now: Duration,
    unread: Vec<Step>,
}

impl Engine {
    fn new(limits: &Limits, blocks: u32) -> Self {
        let memory = CountingMemory::new(limits.slots, blocks);
        Self { scheduler: Scheduler::new(limits.clone()), memory, now: Duration::ZERO, unread: Vec::new() }
    }

    fn submit(&mut self, request: Request) {
        assert_eq!(self.scheduler.submit(self.now, request), Ok(()));
    }

    fn plan(&mut self) -> Plan {
        self.scheduler.plan(self.now, &mut self.memory)
    }

    /// The rows of the next step as (id, first position, rows), sampling parts marked by true; empty where there is no step.
    fn step(&mut self) -> Vec<(u64, u32, u32, bool)> {
        let Next::Step(step) = self.plan().next else { return Vec::new() };
        let rows: Vec<_> = step.parts.iter().map(|part| (part.id.0, part.first, part.tokens, part.samples)).collect();
        self.unread.push(step);
        rows
    }

    /// The ids in the next step.
    fn ids(&mut self) -> Vec<u64> {
        self.step().iter().map(|(id, ..)| *id).collect()
    }

    /// Reads the oldest step.
    fn read(&mut self) {
        let step = self.unread.remove(0);
        for part in step.parts.iter().filter(|part| part.samples) {
            self.scheduler.sampled(part.id, token(7));
        }
        self.scheduler.finished(step.number);
    }

    /// The rows of the next step, once all steps before it are read.
    fn read_and_step(&mut self) -> Vec<(u64, u32, u32, bool)> {
        while !self.unread.is_empty() {
            self.read();
        }
        self.step()
    }
}

#[test]
fn streams_and_short_prompts_share_steps() {
    let mut engine = Engine::new(&LIMITS, 100);
    engine.memory.cached.insert(RequestId(2), 40);
    engine.submit(request(1, 5));
    assert_eq!(engine.step(), [(1, 0, 5, true)]);
    engine.submit(request(2, 60));
    engine.submit(request(3, 12));
    engine.submit(request(4, 10));
    // The prompt of 12 has no room beside one row and 20; the shorter one has.
    assert_eq!(engine.step(), [(1, 5, 1, true), (2, 40, 20, true), (4, 0, 10, true)]);
    assert_eq!(engine.step(), [(3, 0, 12, true), (1, 6, 1, true), (2, 60, 1, true), (4, 10, 1, true)]);
    assert_eq!(engine.step(), [], "three steps are in flight");
}

#[test]
fn streams_take_turns_and_let_short_prompts_in() {
    let limits = Limits { slots: 50, ..LIMITS };
    let mut engine = Engine::new(&limits, 1000);
    for id in 0..40 {
        engine.submit(request(id, 1));
    }
    let all: Vec<u64> = (0..40).collect();
    assert_eq!(engine.ids(), all[..32]);
    // Prompts were left out, so they come first.
    assert_eq!(engine.ids(), [&all[32..], &all[..24]].concat());
    for begin in [24, 16, 8, 0, 32] {
        engine.read();
        let expected: Vec<u64> = (begin..begin + 32).map(|id| id % 40).collect();
        assert_eq!(engine.ids(), expected);
    }
    engine.submit(request(40, 32));
    engine.read();
    assert_eq!(engine.ids().len(), 32);
    engine.read();
    assert_eq!(engine.ids(), [40]);
    engine.read();
    assert_eq!(engine.ids()[..2], [16, 17], "a prompt of 32 rows costs the streams one turn");
}

#[test]
fn long_prompts_run_in_even_chunks_in_the_order_of_admission() {
    let mut engine = Engine::new(&LIMITS, 1000);
    engine.memory.cached.insert(RequestId(2), 7);
    engine.submit(request(1, 1030));
    engine.submit(request(2, 407));
    engine.submit(request(3, 2000));
    assert_eq!(engine.step(), [(1, 0, 344, false), (2, 7, 134, false), (3, 0, 34, false)]);
    assert_eq!(engine.step(), [(1, 344, 343, false), (2, 141, 133, false), (3, 34, 36, false)]);
    assert_eq!(engine.step(), [], "two chunks are in flight");
    assert_eq!(engine.read_and_step()[..2], [(1, 687, 343, true), (2, 274, 133, true)]);
    // Streams run now, so chunks alternate with them and are small.
    let rows = engine.step();
    assert_eq!(rows, [(1, 1030, 1, true), (2, 407, 1, true)]);
    let rows = engine.read_and_step();
    assert_eq!((rows[0].0, rows.len()), (3, 1));
    assert!((100..=128).contains(&rows[0].2), "{rows:?}");
    assert_eq!(engine.step().len(), 2);
}

#[test]
fn a_stream_with_all_tokens_in_flight_is_stalled_by_one_chunk_at_most() {
    let mut engine = Engine::new(&LIMITS, 1000);
    engine.submit(Request { tokens_in_flight: 1, ..request(1, 5) });
    assert_eq!(engine.ids(), [1]);
    engine.submit(request(2, 2000));
    assert_eq!(engine.ids(), [2]);
    assert_eq!(engine.ids(), [0; 0], "the stream goes on first");
    engine.read();
    assert_eq!(engine.ids(), [1]);
    assert_eq!(engine.ids(), [2]);
}

#[test]
fn a_stepwise_stream_waits_for_its_turn_and_holds_nobody() {
    let mut engine = Engine::new(&LIMITS, 1000);
    let stepwise = |id, prompt| Request { stepwise: true, ..request(id, prompt) };
    engine.submit(stepwise(1, 5));
    engine.submit(stepwise(2, 100));
    engine.submit(request(3, 300));
    // Only the last rows of a prompt wait.
    assert_eq!(engine.step(), [(3, 0, 300, true)]);
    engine.scheduler.allow(RequestId(1), &[]);
    assert_eq!(engine.step(), [(3, 300, 1, true), (1, 0, 5, true)]);
    engine.scheduler.allow(RequestId(2), &[]);
    assert_eq!(engine.step(), [(2, 0, 100, true)]);
    assert_eq!(engine.read_and_step(), [(3, 301, 1, true)]);
    engine.scheduler.allow(RequestId(2), &[]);
    assert_eq!(engine.step(), [(2, 100, 1, true), (3, 302, 1, true)]);
    engine.scheduler.allow(RequestId(1), &[]);
    engine.submit(request(4, 600));
    assert_eq!(engine.step(), [(4, 0, 120, false)], "a running stream makes chunks small");
    assert_eq!(engine.read_and_step(), [(1, 5, 1, true), (3, 303, 1, true)]);
}

#[test]
fn drafts_run_with_the_token_before_them_and_wrong_ones_run_again() {
    let mut engine = Engine::new(&LIMITS, 1000);
    let drafts: Vec<u32> = (0..40).collect();
    let id = RequestId(1);
    engine.submit(Request { stepwise: true, most_tokens: 50, ..request(1, 5) });
    engine.scheduler.allow(id, &[]);
    assert_eq!(engine.step(), [(1, 0, 5, true)]);
    engine.read();
    assert!(engine.scheduler.is_held(id));
    engine.scheduler.allow(id, &drafts[..6]);
    assert_eq!(engine.step(), [(1, 5, 7, true)]);
    assert_eq!((engine.unread[0].parts[0].drafts, engine.scheduler.drafts(id)), (6, &drafts[..6]));
    assert_eq!(engine.step(), [], "nothing runs ahead of drafts");
    // Three are right.
    engine.unread.clear();
    assert!(!engine.scheduler.sampled(id, Outcome { tokens: &[0, 1, 2, 9], accepted: 3, stops: false }));
    engine.scheduler.finished(1);
    // Others come first, and the drafts have the rows that are left.
    engine.submit(request(2, 20));
    assert_eq!(engine.step(), [(2, 0, 20, true)]);
    engine.scheduler.allow(id, &drafts);
    assert_eq!(engine.step(), [(1, 9, 31, true), (2, 20, 1, true)]);
    assert_eq!(engine.scheduler.drafts(id).len(), 30);
    engine.unread.clear();
    // What follows from the sampled token runs with it; here more than a step has rows for.
    let forced = [7; 40];
    assert!(!engine.scheduler.sampled(id, Outcome { tokens: &forced, accepted: 0, stops: false }));
    [2, 3].into_iter().for_each(|number| engine.scheduler.finished(number));
    engine.scheduler.allow(id, &drafts);
    assert_eq!(engine.step(), [(1, 10, 31, false), (2, 21, 1, true)]);
    assert_eq!(engine.step()[0], (1, 41, 13, true), "four drafts may follow: the answer has at most 50 tokens");
    engine.unread.clear();
    assert!(engine.scheduler.sampled(id, Outcome { tokens: &[0, 1, 2, 3, 4], accepted: 4, stops: false }));
}

#[test]
fn a_stream_changes_its_pace_once_nothing_is_in_flight() {
    let mut engine = Engine::new(&LIMITS, 1000);
    let id = RequestId(1);
    engine.submit(request(1, 5));
    assert_eq!([engine.ids(), engine.ids(), engine.ids()], [[1], [1], [1]]);
    engine.scheduler.set_stepwise(id, true);
    engine.read();
    assert_eq!((engine.ids(), engine.scheduler.is_held(id)), (vec![], false));
    engine.read();
    engine.read();
    assert!(engine.scheduler.is_held(id));
    engine.scheduler.allow(id, &[3, 4]);
    assert_eq!(engine.step(), [(1, 7, 3, true)]);
    engine.read();
    engine.scheduler.set_stepwise(id, false);
    assert_eq!([engine.step(), engine.step()], [[(1, 8, 1, true)], [(1, 9, 1, true)]]);
    assert_eq!(
        engine.unread.iter().map(|step| step.parts[0].source).collect::<Vec<_>>(),
        [Source::Known, Source::Sampled]
    );
}

#[test]
fn a_stream_that_is_taken_back_runs_its_last_token_again() {
    let mut engine = Engine::new(&LIMITS, 1000);
    let id = RequestId(1);
    engine.submit(request(1, 5));
    engine.submit(request(2, 5));
    assert_eq!([engine.ids(), engine.ids(), engine.ids()], [[1, 2], [1, 2], [1, 2]]);
    engine.read();
    // The second token of the first stream doesn't count, and neither does the third, which is in flight.
    let step = engine.unread.remove(0);
    engine.scheduler.sampled(id, Outcome { tokens: &[], accepted: 0, stops: false });
    assert_eq!(engine.scheduler.take_back(id), Some(5));
    engine.scheduler.sampled(RequestId(2), token(7));
    engine.scheduler.finished(step.number);
    assert_eq!((engine.scheduler.is_held(id), engine.ids()), (false, vec![2]), "others go on");
    let step = engine.unread.remove(0);
    assert!(engine.scheduler.discard(id) && !engine.scheduler.discard(id));
    engine.scheduler.sampled(RequestId(2), token(7));
    engine.scheduler.finished(step.number);
    assert!(engine.scheduler.is_held(id));
    engine.scheduler.allow(id, &[]);
    assert_eq!(engine.step(), [(1, 5, 1, true), (2, 8, 1, true)]);
    assert_eq!(engine.unread[1].parts[0].source, Source::Known);
    assert_eq!(engine.scheduler.tokens(id).map(<[u32]>::len), Some(6));
}

#[test]
fn a_burst_waits_for_the_batching_window_and_streams_do_not() {
    let limits = Limits { window: ms(5), ..LIMITS };
    let mut engine = Engine::new(&limits, 1000);
    let wait = |until| Next::Wait { until: Some(ms(until)) };
    engine.submit(request(1, 5));
    assert_eq!(engine.plan().next, wait(5));
    engine.now = ms(4);
    engine.submit(request(2, 5));
    assert_eq!(engine.plan().next, wait(5));
    assert_eq!(engine.scheduler.window_closed(), None);
    engine.now = ms(5);
    assert_eq!(engine.ids(), [1, 2]);
    assert_eq!(engine.scheduler.window_closed(), Some(ms(5)));
    // The next burst waits too, and the streams go on meanwhile.
    engine.submit(request(3, 1000));
    assert_eq!([engine.ids(), engine.ids()], [[1, 2], [1, 2]]);
    assert_eq!(engine.plan().next, wait(10));
    engine.now = ms(10);
    engine.read();
    assert_eq!(engine.ids(), [3]);
    // Prefill is under way: others join it at once.
    engine.now = ms(11);
    engine.submit(request(4, 5));
    engine.read();
    assert_eq!(engine.ids(), [1, 2, 4]);
    assert_eq!(engine.scheduler.window_closed(), Some(ms(10)));
    // Enough have come for all slots.
    engine.now = ms(100);
    let mut engine = Engine::new(&limits, 1000);
    (0..8).for_each(|id| engine.submit(request(id, 2)));
    assert_eq!(engine.ids().len(), 8);
}

#[test]
fn answers_end_with_their_last_token_or_when_they_stop() {
    let mut engine = Engine::new(&Limits { context: 10, ..LIMITS }, 100);
    assert_eq!(engine.scheduler.submit(ms(0), request(1, 10)), Err(Refused::TooLong));
    assert_eq!(engine.scheduler.submit(ms(0), request(1, 0)), Err(Refused::Empty));
    assert_eq!(engine.scheduler.submit(ms(0), Request { most_tokens: 0, ..request(1, 5) }), Err(Refused::Empty));
    engine.submit(request(1, 8));
    engine.submit(request(2, 7));
    assert_eq!([engine.ids(), engine.ids(), engine.ids()], [vec![1, 2], vec![1, 2], vec![2]]);
    assert!(!engine.scheduler.sampled(RequestId(1), token(5)));
    assert!(engine.scheduler.sampled(RequestId(2), STOP));
    assert!(!engine.scheduler.sampled(RequestId(2), STOP), "it has ended already");
    engine.scheduler.finished(0);
    assert!(engine.scheduler.sampled(RequestId(1), token(5)), "the context is full");
    engine.scheduler.finished(1);
    assert_eq!(engine.plan().next, Next::Wait { until: None });
    engine.scheduler.finished(2);
    assert_eq!(engine.plan().next, Next::Idle);
    assert_eq!((engine.memory.free_slots, engine.memory.free_blocks), (8, 100));
}

#[test]
fn a_request_that_goes_on_with_other_tokens_comes_before_those_that_wait() {
    let mut engine = Engine::new(&Limits { slots: 1, context: 10, ..LIMITS }, 100);
    engine.submit(Request { most_tokens: 7, ..request(3, 8) });
    assert_eq!([engine.ids(), engine.ids()], [[3], [3]]);
    engine.submit(request(4, 3));
    engine.scheduler.go_on(RequestId(3), 5, |_| panic!("it hasn't ended"));
    engine.read();
    // The last token that the context has room for.
    assert!(engine.scheduler.sampled(RequestId(3), token(9)));
    engine.scheduler.go_on(RequestId(3), 5, |tokens| drop(tokens.drain(..5)));
    engine.scheduler.finished(engine.unread.remove(0).number);
    assert_eq!(engine.step(), [(3, 0, 5, true)], "its memory was given back first");
    assert_eq!(engine.scheduler.tokens(RequestId(3)), Some(&[0, 0, 0, 7, 9][..]));
    // As many tokens as it may still have.
    for _ in 0..4 {
        assert_eq!(engine.read_and_step().len(), 1);
    }
    engine.read();
    assert_eq!(engine.ids(), [4]);
}

#[test]
fn cancels_and_deadlines_free_memory_with_the_next_plan() {
    let mut engine = Engine::new(&Limits { slots: 2, ..LIMITS }, 100);
    engine.submit(request(1, 5));
    engine.submit(Request { finish_by: Some(ms(30)), admit_by: Some(ms(10)), ..request(2, 5) });
    engine.submit(Request { admit_by: Some(ms(10)), ..request(3, 5) });
    engine.submit(Request { finish_by: Some(ms(20)), ..request(4, 5) });
    engine.submit(request(5, 5));
    while !engine.step().is_empty() {}
    assert_eq!(engine.plan().next, Next::Wait { until: Some(ms(10)) });
    let mut ended = Vec::new();
    for time in [9, 10, 19, 20, 29, 30] {
        engine.now = ms(time);
        let changes = engine.plan().changes.into_iter();
        ended.extend(changes.filter_map(|change| match change {
            Change::Ended { id, end } => Some((time, id.0, end)),
            _ => None,
        }));
    }
    assert_eq!(ended, [(10, 3, End::QueueDeadline), (20, 4, End::RunDeadline), (30, 2, End::RunDeadline)]);
    assert!(engine.memory.open.keys().eq(&[RequestId(1), RequestId(5)]));
    assert!(engine.scheduler.cancel(RequestId(1)));
    assert!(!engine.scheduler.cancel(RequestId(1)), "it has ended already");
    engine.plan();
    assert!(engine.memory.open.keys().eq(&[RequestId(5)]));
}
