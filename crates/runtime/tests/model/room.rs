//! Tests of the room that options give to sequences: slots, and tokens of the KV cache.

use wgslm::engine::{BLOCK_TOKENS, Engine, EngineOptions, GenerateOptions, Generation};
use wgslm_testing::golden;

use crate::adapters::adapters;
use crate::setup::load_file;

const CONTEXT: u32 = 64;

fn load(options: EngineOptions) -> Option<wgslm::Result<Engine>> {
    let options = EngineOptions { context_length: Some(CONTEXT), ..options };
    adapters().first().map(|device| load_file(device, &golden("models/llama-q4_0.gguf"), &options))
}

/// Runs `count` requests that each fill the context.
fn fill(engine: &Engine, count: u32) {
    let options = GenerateOptions { max_tokens: Some(1), ..GenerateOptions::default() };
    let prompt = |first: u32| [&[first][..], &[7; CONTEXT as usize - 2]].concat();
    let open: wgslm::Result<Vec<Generation>> =
        (0..count).map(|first| engine.generate(&prompt(first), options.clone())).collect();
    for mut generation in open.expect("the queue has room") {
        while pollster::block_on(generation.next()).expect("it runs").is_some() {}
    }
}

#[test]
fn the_cache_holds_as_many_tokens_as_were_asked_for() {
    for (kv_tokens, holds) in [(None, 1), (Some(CONTEXT), 1), (Some(3 * CONTEXT), 3)] {
        let Some(engine) = load(EngineOptions { kv_tokens, ..EngineOptions::default() }) else { return };
        let engine = engine.expect("it loads");
        assert_eq!(engine.memory().free_blocks, (holds * CONTEXT / BLOCK_TOKENS) as usize);
        // More than fit take turns.
        fill(&engine, holds + 1);
        assert_eq!(engine.memory().held_blocks, 0, "the blocks came back");
    }
}

#[test]
fn there_are_as_many_slots_as_were_asked_for() {
    for slots in [1, 6] {
        let kv_tokens = Some(6 * CONTEXT);
        let options = EngineOptions { slots: Some(slots), kv_tokens, ..EngineOptions::default() };
        let Some(engine) = load(options) else { return };
        let engine = engine.expect("it loads");
        assert_eq!((engine.slots(), engine.memory().free_slots), (slots, slots as usize));
        fill(&engine, slots + 1);
        assert_eq!(engine.memory().free_slots, slots as usize, "the slots came back");
    }
}

#[test]
fn room_that_makes_no_sense_is_refused() {
    for options in [
        EngineOptions { slots: Some(0), ..EngineOptions::default() },
        EngineOptions { slots: Some(1 << 20), ..EngineOptions::default() },
        EngineOptions { kv_tokens: Some(CONTEXT - 1), ..EngineOptions::default() },
    ] {
        let Some(refused) = load(options.clone()) else { return };
        assert_eq!(refused.err().map(|error| error.code()), Some("invalid-option"), "{options:?}");
    }
}
