//! Tests of the room that options give to sequences: slots, and tokens of the KV cache.

use wgslm::Error;
use wgslm::engine::{Engine, EngineOptions, GenerateOptions, Generation};
use wgslm_testing::golden;

use crate::adapters::adapters;
use crate::setup::load_file;

const CONTEXT: u32 = 64;

fn load(options: EngineOptions) -> Option<wgslm::Result<Engine>> {
    let options = EngineOptions { context_length: Some(CONTEXT), ..options };
    adapters().first().map(|device| load_file(device, &golden("models/llama-q4_0.gguf"), &options))
}

/// Opens `count` sequences that each fill the context, and runs them side by side.
fn fill(engine: &Engine, count: usize) -> wgslm::Result<()> {
    let prompt = [7; CONTEXT as usize - 1];
    let options = GenerateOptions { max_tokens: Some(1), ..GenerateOptions::default() };
    let open: wgslm::Result<Vec<Generation>> = (0..count).map(|_| engine.generate(&prompt, options.clone())).collect();
    open?.iter_mut().try_for_each(|generation| pollster::block_on(generation.next()).map(|_| ()))
}

#[test]
fn the_cache_holds_as_many_tokens_as_were_asked_for() {
    for (kv_tokens, fits) in [(None, 1), (Some(CONTEXT), 1), (Some(3 * CONTEXT), 3)] {
        let Some(engine) = load(EngineOptions { kv_tokens, ..EngineOptions::default() }) else { return };
        let engine = engine.expect("it loads");
        fill(&engine, fits).expect("there is room");
        assert!(matches!(fill(&engine, fits + 1), Err(Error::KvCacheFull)), "{kv_tokens:?}");
        fill(&engine, fits).expect("the blocks came back");
    }
}

#[test]
fn there_are_as_many_slots_as_were_asked_for() {
    for slots in [1, 6] {
        let kv_tokens = Some(6 * CONTEXT);
        let options = EngineOptions { slots: Some(slots), kv_tokens, ..EngineOptions::default() };
        let Some(engine) = load(options) else { return };
        let engine = engine.expect("it loads");
        assert_eq!(engine.slots(), slots);
        fill(&engine, slots as usize).expect("there is room");
        assert!(fill(&engine, slots as usize + 1).is_err());
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
