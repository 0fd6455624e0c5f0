//! Tests of what bounds a request: the queue, deadlines and priorities; and of equal requests, which share their work.

use std::time::Duration;

use wgslm::Error;
use wgslm::engine::{Engine, EngineOptions, FinishReason, GenerateOptions, GenerationEvent, Outcome, Priority};
use wgslm_testing::golden;

use crate::adapters::adapters;
use crate::setup::{engine, finish, generate, next_token};

const LONG: u32 = 1000;

fn load(options: EngineOptions) -> Option<Engine> {
    let options = EngineOptions { context_length: Some(1024), ..options };
    Some(engine(adapters().first()?, &golden("arch/tiny-llama-q8_0.gguf"), &options))
}

/// One request runs at a time.
fn narrow(queue: u32) -> Option<Engine> {
    load(EngineOptions { slots: Some(1), queue: Some(queue), ..EngineOptions::default() })
}

fn up_to(tokens: u32) -> GenerateOptions {
    GenerateOptions { max_tokens: Some(tokens), ignore_stop: true, ..GenerateOptions::default() }
}

#[test]
fn a_full_queue_refuses_at_once() {
    let Some(engine) = narrow(1) else { return };
    let mut running = engine.generate(&[1], up_to(LONG)).expect("a slot is free");
    assert!(next_token(&mut running).is_some());
    let mut waiting = engine.generate(&[2], up_to(3)).expect("the queue has room");
    let Err(Error::Busy { retry_after_ms }) = engine.generate(&[3], up_to(3)) else { panic!("the queue is full") };
    assert!(retry_after_ms > 0);
    assert_eq!(engine.metrics().queue_depth, 1);
    assert_eq!(engine.metrics().total.requests[&Outcome::Refused], 1);
    drop(running);
    assert_eq!(finish(&mut waiting).expect("it had its turn").0.len(), 3);
    generate(&engine, &[3], up_to(3)).expect("the queue has room again");
}

#[test]
fn logits_need_a_slot_of_their_own() {
    let Some(engine) = narrow(8) else { return };
    let mut running = engine.generate(&[1], up_to(LONG)).expect("a slot is free");
    assert!(next_token(&mut running).is_some());
    let busy = pollster::block_on(engine.logits(&[1, 2], |_, _| Ok(()))).expect_err("no slot is free");
    assert!(matches!(busy, Error::Busy { .. }), "{busy}");
    drop(running);
    // While logits have the slot, a request waits for it and then goes on by itself.
    let mut waiting = None;
    pollster::block_on(engine.logits(&[1, 2], |_, _| {
        waiting = Some(engine.generate(&[1], up_to(2)).expect("the queue has room"));
        Ok(())
    }))
    .expect("the slot is free");
    assert_eq!(finish(&mut waiting.expect("it was asked for")).expect("it runs").0.len(), 2);
}

#[test]
fn deadlines_end_waiting_and_running_requests() {
    let Some(engine) = narrow(8) else { return };
    let soon = Some(Duration::from_millis(30));
    let (whole, ..) = generate(&engine, &[1], up_to(LONG)).expect("the model runs");
    let mut running = engine.generate(&[2], up_to(LONG)).expect("a slot is free");
    assert!(next_token(&mut running).is_some());
    let queued = GenerateOptions { queue_deadline: soon, ..up_to(3) };
    let mut waiting = engine.generate(&[1], queued).expect("the queue has room");
    let error = pollster::block_on(waiting.next()).expect_err("the slot isn't free in time");
    assert_eq!(error.code(), "deadline");
    assert!(matches!(pollster::block_on(waiting.next()), Ok(None)), "nothing follows an error");
    let mut late = engine.generate(&[1], GenerateOptions { deadline: soon, ..up_to(LONG) }).expect("it waits");
    let (tokens, _, summary) = finish(&mut late).expect("it ends without an error");
    assert_eq!((tokens.len(), summary.finish_reason), (0, FinishReason::Deadline));
    drop(running);
    let (tokens, _, summary) =
        generate(&engine, &[1], GenerateOptions { deadline: soon, ..up_to(LONG) }).expect("it ends without an error");
    assert_eq!(summary.finish_reason, FinishReason::Deadline);
    assert_eq!(tokens, whole[..tokens.len()], "the tokens so far are right");
    assert_eq!(engine.metrics().total.requests[&Outcome::Deadline], 3);
    assert_eq!(engine.memory().held_blocks, 0);
}

#[test]
fn interactive_requests_overtake_background_ones() {
    let Some(engine) = narrow(8) else { return };
    let mut running = engine.generate(&[1], up_to(LONG)).expect("a slot is free");
    assert!(next_token(&mut running).is_some());
    let ask = |token, priority| {
        engine.generate(&[token], GenerateOptions { priority, ..up_to(20) }).expect("the queue has room")
    };
    let (mut background, mut interactive) = (ask(2, Priority::Background), ask(3, Priority::Interactive));
    drop(running);
    let [later, sooner] = [&mut background, &mut interactive]
        .map(|generation| finish(generation).expect("it runs").2.timeline.admitted.expect("it was admitted"));
    assert!(sooner < later, "{sooner:?}, {later:?}");
}

#[test]
fn equal_requests_under_way_share_their_work() {
    let Some(engine) = load(EngineOptions::default()) else { return };
    let options = || GenerateOptions { temperature: 2.0, seed: 3, ..up_to(200) };
    let (expected, text, _) = generate(&engine, &[1, 2], options()).expect("the model runs");
    let before = engine.metrics().total;
    let ask = |options| engine.generate(&[1, 2], options).expect("there is room");
    let mut first = ask(options());
    assert_eq!(next_token(&mut first), Some(expected[0]));
    // Those that come later get what they missed.
    let [mut second, mut third] = [ask(options()), ask(options())];
    let mut tagged = ask(GenerateOptions { feature: Some("tests".to_owned()), ..options() });
    let own = [
        GenerateOptions { coalesce: false, ..options() },
        GenerateOptions { deadline: Some(Duration::from_secs(100)), ..options() },
    ]
    .map(ask);
    let mut other = ask(GenerateOptions { seed: 4, ..options() });
    drop(first);
    second.cancel();
    let end = pollster::block_on(second.next());
    let Ok(Some(GenerationEvent::Finished(summary))) = end else { panic!("{end:?} follows the cancel") };
    assert_eq!((summary.finish_reason, summary.tokens), (FinishReason::Cancelled, 0));
    for generation in [&mut third, &mut tagged] {
        let (tokens, found, summary) = finish(generation).expect("the others go on");
        assert!((tokens, found) == (expected.clone(), text.clone()) && summary.finish_reason == FinishReason::Length);
        let timeline = summary.timeline;
        assert!(timeline.arrived <= timeline.first_token.expect("a token"), "{timeline:?}");
    }
    assert_ne!(finish(&mut other).expect("it runs").0, expected);
    for mut generation in own {
        assert_eq!(finish(&mut generation).expect("it runs").0, expected);
    }
    let metrics = engine.metrics();
    assert_eq!(metrics.total.coalesced_requests - before.coalesced_requests, 3);
    assert_eq!(metrics.total.generated_tokens - before.generated_tokens, 4 * 200);
    assert_eq!(metrics.features["tests"].requests[&Outcome::Length], 1);
}
