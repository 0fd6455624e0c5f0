//! A test that nothing is left behind by generations and by engines.

use wgslm::engine::{Engine, EngineOptions, GenerateOptions};
use wgslm_testing::golden;

use crate::adapters::{adapters, as_on, open};
use crate::setup::{engine, finish, next_token};

fn up_to(tokens: u32) -> GenerateOptions {
    GenerateOptions { max_tokens: Some(tokens), ignore_stop: true, ..GenerateOptions::default() }
}

#[test]
fn what_is_dropped_under_way_leaves_nothing_behind() {
    let Some(device) = adapters().first() else { return };
    let device = open(&as_on(device));
    let load = || engine(&device, &golden("models/llama-q4_0.gguf"), &EngineOptions::default());
    let begin = |engine: &Engine| {
        let mut generation = engine.generate(&[1, 2, 3], up_to(200)).expect("a slot is free");
        assert!(next_token(&mut generation).is_some());
        generation
    };
    // The generation first: the engine goes on without it.
    let engine = load();
    drop(begin(&engine));
    assert_eq!((engine.memory().held_blocks, engine.memory().free_slots), (0, engine.slots() as usize));
    finish(&mut engine.generate(&[1], up_to(2)).expect("there is room")).expect("the model runs");
    drop(engine);
    assert_eq!(device.gpu().bytes(), 0, "the driver has ended");
    // The engine first: the generation keeps it alive, and a handle to cancel doesn't.
    let mut generation = begin(&load());
    assert!(next_token(&mut generation).is_some());
    let canceller = generation.canceller();
    drop(generation);
    assert_eq!(device.gpu().bytes(), 0, "the driver has ended");
    canceller.cancel();
    // A session keeps the engine alive, and a generation of it doesn't keep the session.
    let mut session = load().session();
    session.append(&[1, 2, 3]).expect("they are tokens");
    let mut generation = session.generate(up_to(5)).expect("a slot is free");
    drop(session);
    finish(&mut generation).expect("the model runs");
    drop(generation);
    assert_eq!(device.gpu().bytes(), 0, "nothing is left");
}
