//! A test that requests leave no bytes behind, in a program of its own, since it counts those that all threads hold.

#[path = "model/adapters.rs"]
#[expect(dead_code, reason = "tests of models use all of it")]
mod adapters;
#[path = "model/setup.rs"]
#[expect(dead_code, reason = "tests of models use all of it")]
mod setup;

use std::collections::VecDeque;
use std::thread::sleep;
use std::time::{Duration, Instant};

use wgslm::engine::{Engine, EngineOptions, GenerateOptions, Generation};
use wgslm_testing::allocation::{Counting, held_by_all};
use wgslm_testing::golden;

use crate::adapters::{adapters, as_on, open};
use crate::setup::{engine, finish, prompt};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Host bytes by which an idle engine may differ from itself: its cached prefixes are others, and buffers grow to what was needed once.
/// Less than anything that a request could leave behind, 900 times.
const GROWTH: usize = 64 << 10;

#[test]
fn a_thousand_requests_take_no_more_than_a_hundred() {
    let Some(device) = adapters().first() else { return };
    let device = open(&as_on(device));
    let options = EngineOptions { context_length: Some(64), ..EngineOptions::default() };
    let engine = engine(&device, &golden("models/lfm2.gguf"), &options);
    let used = |engine: &Engine| {
        let memory = engine.memory();
        (memory.free_blocks + memory.cached_blocks, memory.held_blocks, memory.free_slots, device.gpu().bytes())
    };
    let mut live: VecDeque<Generation> = VecDeque::new();
    let (mut after, mut host) = (Vec::new(), Vec::new());
    for index in 0..1000 {
        let request = prompt(index, 1 + index as usize % 20, 60);
        let options =
            GenerateOptions { max_tokens: Some(1 + index as u32 % 3), ignore_stop: true, ..GenerateOptions::default() };
        live.push_back(engine.generate(&request, options).expect("there is room"));
        let whole = (index + 1) % 100 == 0;
        while live.len() > if whole { 0 } else { 8 } {
            let mut oldest = live.pop_front().expect("there are some");
            // Some are left early.
            if index % 7 > 0 {
                finish(&mut oldest).expect("the model runs");
            }
        }
        if whole {
            // A request that was left still has the steps under way.
            let began = Instant::now();
            while engine.memory().held_blocks > 0 && began.elapsed() < Duration::from_secs(10) {
                sleep(Duration::from_millis(1));
            }
            after.push(used(&engine));
            host.push(held_by_all());
        }
    }
    assert!(after.iter().all(|used| *used == after[0]), "{after:?}");
    assert_eq!((after[0].1, after[0].2), (0, engine.slots() as usize));
    assert!(host.iter().all(|bytes| *bytes <= host[0] + GROWTH), "{host:?}");
}
