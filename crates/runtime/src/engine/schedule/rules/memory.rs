//! Tests of the rules where memory is short.

use super::*;

#[test]
fn memory_is_taken_from_the_youngest_of_the_lowest_priority() {
    // Each prompt fills a block of 16 tokens, so that its answer needs a second one.
    let mut engine = Engine::new(&LIMITS, 4);
    engine.submit(request(1, 16));
    engine.submit(Request { priority: Priority::Background, ..request(2, 16) });
    engine.submit(request(3, 16));
    engine.submit(Request { stepwise: true, ..request(4, 16) });
    engine.scheduler.allow(RequestId(4), &[]);
    assert_eq!([engine.ids(), engine.ids()], [[1, 3], [4, 2]]);
    let nothing = Plan { next: Next::Wait { until: None }, ..Plan::default() };
    assert_eq!(engine.plan(), nothing, "steps are in flight, with which others may end");
    engine.read();
    engine.read();
    assert_eq!(engine.plan(), nothing, "one waits for its mask");
    engine.scheduler.allow(RequestId(4), &[]);
    let plan = engine.plan();
    assert_eq!(plan.changes, [Change::Preempted { id: RequestId(2) }]);
    let Next::Step(step) = plan.next else { panic!("the oldest goes on") };
    assert_eq!(step.parts.iter().map(|part| (part.id.0, part.first)).collect::<Vec<_>>(), [(1, 16)]);
    engine.unread.push(step);
    // It comes back once another has ended, with its answer in its prompt.
    assert_eq!(engine.read_and_step(), [(1, 17, 1, true)]);
    engine.scheduler.cancel(RequestId(3));
    assert_eq!(engine.plan().changes, [Change::Admitted { id: RequestId(2), cached: 0 }]);
    assert_eq!(engine.scheduler.tokens(RequestId(2)).map(<[u32]>::len), Some(17));
}

#[test]
fn a_sequence_that_fills_the_memory_alone_ends_and_others_go_on() {
    let mut engine = Engine::new(&Limits { slots: 2, ..LIMITS }, 2);
    engine.submit(request(1, 33));
    engine.submit(request(2, 30));
    engine.submit(request(3, 5));
    assert_eq!([engine.ids(), engine.ids(), engine.ids()], [[2], [2], [2]]);
    (0..3).for_each(|_| engine.read());
    let plan = engine.plan();
    let admitted = |id| Change::Admitted { id: RequestId(id), cached: 0 };
    let preempted = Change::Preempted { id: RequestId(2) };
    let ended = Change::Ended { id: RequestId(1), end: End::OutOfMemory };
    assert_eq!(plan.changes, [preempted, ended, admitted(2), admitted(3)]);
    assert!(matches!(plan.next, Next::Step(Step { parts, .. }) if parts[0].id == RequestId(3)));
}

#[test]
fn a_preempted_request_comes_back_though_no_other_ends() {
    let mut engine = Engine::new(&LIMITS, 64);
    engine.submit(Request { most_tokens: 1000, ..request(1, 16) });
    engine.submit(Request { priority: Priority::Background, ..request(2, 1000) });
    let mut steps = 0;
    let mut changes = Vec::new();
    while changes.len() < 4 {
        let plan = engine.plan();
        changes.extend(plan.changes.into_iter().map(|change| (steps, change)));
        match plan.next {
            Next::Step(step) => {
                steps += 1;
                engine.unread.push(step);
            }
            Next::Wait { .. } => engine.read(),
            Next::Idle => panic!("a stream runs"),
        }
    }
    let (admitted, preempted) = (changes[3], changes[2]);
    assert_eq!(preempted.1, Change::Preempted { id: RequestId(2) });
    assert_eq!(admitted, (preempted.0 + 512, Change::Admitted { id: RequestId(2), cached: 0 }));
}
