//! What sessions, snapshots and packed embeddings cost with real models.

use std::time::Instant;

use pollster::block_on;
use wgslm::engine::{Engine, EngineOptions, GenerateOptions, Session};
use wgslm_testing::{minilm_model, report, smollm2_model};

use crate::adapters::adapters;
use crate::setup::{engine, finish, load_files, prompt};

fn ms(start: Instant) -> f64 {
    start.elapsed().as_secs_f64() * 1e3
}

/// The time of an answer of one token, in ms, and the tokens that were cached.
fn first_token(session: &mut Session) -> (f64, usize) {
    let options = GenerateOptions { max_tokens: Some(1), ignore_stop: true, ..GenerateOptions::default() };
    let start = Instant::now();
    let (.., summary) = finish(&mut session.generate(options).expect("there is room")).expect("the model runs");
    (ms(start), summary.cached_tokens)
}

fn measure(name: &str, engine: &Engine, length: usize) {
    let mut session = engine.session();
    session.append(&prompt(1, length, 40_000)).expect("they are tokens");
    let (cold, _) = first_token(&mut session);
    session.append(&[7]).expect("it is a token");
    let (warm, cached) = first_token(&mut session);
    let mut bytes = Vec::new();
    let start = Instant::now();
    block_on(session.snapshot(|piece| {
        bytes.extend_from_slice(piece);
        Ok(())
    }))
    .expect("a slot is free");
    let saved = ms(start);
    let start = Instant::now();
    let mut restore = engine.restore();
    bytes.chunks(1 << 20).for_each(|piece| block_on(restore.push(piece)).expect("it is whole"));
    let mut restored = restore.finish().expect("it is whole");
    block_on(engine.device().gpu().finished()).expect("the device works");
    let back = ms(start);
    restored.append(&[9]).expect("it is a token");
    let (after, found) = first_token(&mut restored);
    report(&format!(
        "{name}, {length} tokens: {cold:.0} ms to the first token, {warm:.1} ms with {cached} cached; {:.1} MB saved in {saved:.1} ms, \
         restored in {back:.1} ms, then {after:.1} ms with {found} cached",
        bytes.len() as f64 / 1e6
    ));
}

#[test]
#[ignore = "it measures"]
fn a_session_costs_what_is_new() {
    let (Some(path), Some(device)) = (smollm2_model(), adapters().first()) else { return };
    let options = EngineOptions { context_length: Some(4096), kv_tokens: Some(16384), ..EngineOptions::default() };
    let engine = engine(device, &path, &options);
    for length in [20, 200, 1000, 4000] {
        measure("SmolLM2", &engine, length);
    }
}

#[test]
#[ignore = "it measures"]
fn texts_that_share_a_step_cost_less() {
    let (Some(folder), Some(device)) = (minilm_model(), adapters().first()) else { return };
    let find = |name: &str| std::fs::read(folder.join(name)).ok();
    let options = EngineOptions { slots: Some(32), kv_tokens: Some(8192), ..EngineOptions::default() };
    let engine = load_files(device, "config.json", (1 << 20, &options), find).expect("the folder loads");
    for length in [8, 40, 200] {
        let texts: Vec<Vec<u32>> = (0..32).map(|seed| prompt(seed, length, 30_000)).collect();
        block_on(engine.embed_all(&texts)).expect("the model runs");
        let start = Instant::now();
        for text in &texts {
            block_on(engine.embed(text)).expect("the model runs");
        }
        let alone = ms(start);
        let start = Instant::now();
        block_on(engine.embed_all(&texts)).expect("the model runs");
        report(&format!("MiniLM, 32 texts of {length} tokens: {alone:.0} ms one by one, {:.0} ms together", ms(start)));
    }
}
