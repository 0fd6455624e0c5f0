//! Tests that nothing is left behind by requests, by generations and by engines.

use std::collections::VecDeque;

use wgslm::engine::{Engine, EngineOptions, GenerateOptions, Generation};
use wgslm_testing::golden;

use crate::adapters::{adapters, as_on, open};
use crate::setup::{engine, finish, next_token, prompt};

fn up_to(tokens: u32) -> GenerateOptions {
    GenerateOptions { max_tokens: Some(tokens), ignore_stop: true, ..GenerateOptions::default() }
}

#[test]
fn a_thousand_requests_take_no_more_than_a_hundred() {
    let Some(device) = adapters().first() else { return };
    // A new device, since its bytes include the models of other tests on a shared one.
    let device = open(&as_on(device));
    let options = EngineOptions { context_length: Some(64), ..EngineOptions::default() };
    let engine = engine(&device, &golden("models/lfm2.gguf"), &options);
    let used = |engine: &Engine| {
        let memory = engine.memory();
        (memory.free_blocks + memory.cached_blocks, memory.held_blocks, memory.free_slots, device.gpu().bytes())
    };
    let mut live: VecDeque<Generation> = VecDeque::new();
    let mut after = Vec::new();
    for index in 0..1000 {
        let request = prompt(index, 1 + index as usize % 20, 60);
        live.push_back(engine.generate(&request, up_to(1 + index as u32 % 3)).expect("there is room"));
        let whole = (index + 1) % 100 == 0;
        while live.len() > if whole { 0 } else { 8 } {
            let mut oldest = live.pop_front().expect("there are some");
            // Some are left early.
            if index % 7 > 0 {
                finish(&mut oldest).expect("the model runs");
            }
        }
        if whole {
            after.push(used(&engine));
        }
    }
    assert!(after.iter().all(|used| *used == after[0]), "{after:?}");
    assert_eq!((after[0].1, after[0].2), (0, engine.slots() as usize));
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
}
