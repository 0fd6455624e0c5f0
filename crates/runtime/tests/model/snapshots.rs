//! Tests of sessions as bytes.

use pollster::block_on;
use wgslm::engine::{Activations, Engine, EngineOptions, GenerateOptions, KvFormat, Session};
use wgslm::{Device, Error, Result};
use wgslm_testing::golden;
use wgslm_testing::random::Random;

use crate::adapters::{adapters, laid_out};
use crate::setup::{engine, finish, generate, next_token, prompt};

/// A model that keeps everything, two with windows, and one with a state.
const MODELS: [&str; 4] = ["llama-q4_0", "gemma3", "mistral-window", "lfm2"];
const TEXT: usize = 70;
const ANSWER: u32 = 9;

fn load(device: &Device, name: &str, options: EngineOptions) -> Engine {
    let options = EngineOptions { context_length: Some(256), ..options };
    engine(device, &golden(&format!("models/{name}.gguf")), &options)
}

fn options() -> GenerateOptions {
    GenerateOptions { max_tokens: Some(ANSWER), ignore_stop: true, ..GenerateOptions::default() }
}

/// The continuation of a session, and the tokens of it that were cached.
fn go_on(session: &mut Session) -> (Vec<u32>, usize) {
    let (tokens, _, summary) = finish(&mut session.generate(options()).expect("there is room")).expect("it runs");
    (tokens, summary.cached_tokens)
}

/// A session with a text and an answer.
fn talked(engine: &Engine, seed: u64) -> Session {
    let mut session = engine.session();
    session.append(&prompt(seed, TEXT, 60)).expect("they are tokens");
    go_on(&mut session);
    session
}

fn snapshot(session: &Session) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    block_on(session.snapshot(|piece| {
        bytes.extend_from_slice(piece);
        Ok(())
    }))?;
    Ok(bytes)
}

fn restore(engine: &Engine, bytes: &[u8], piece: usize) -> Result<Session> {
    let mut restore = engine.restore();
    for piece in bytes.chunks(piece) {
        block_on(restore.push(piece))?;
    }
    restore.finish()
}

fn code<T>(result: Result<T>) -> Option<&'static str> {
    result.err().map(|error| error.code())
}

#[test]
fn a_restored_session_goes_on_as_if_it_had_never_been_away() {
    let Some(device) = adapters().first() else { return };
    for (index, name) in MODELS.into_iter().enumerate() {
        let device = &laid_out(device, index % 2 == 0);
        let load = |seed| {
            // Blocks lie elsewhere in each engine.
            let block_order = wgslm::engine::BlockOrder::Shuffled(seed);
            load(device, name, EngineOptions { block_order, kv_tokens: Some(512), ..EngineOptions::default() })
        };
        let here = load(1);
        let mut session = talked(&here, 1);
        let bytes = snapshot(&session).expect("a slot is free");
        let tokens = session.tokens();
        let expected = go_on(&mut session).0;
        for (piece, engine) in [(1, load(2)), (1000, load(3)), (usize::MAX, here)] {
            let mut restored = restore(&engine, &bytes, piece).expect("the snapshot is whole");
            assert_eq!(restored.tokens(), tokens, "{name}");
            let held = restored.held();
            let (found, cached) = go_on(&mut restored);
            assert_eq!(found, expected, "{name}");
            // All whole blocks of what was run; a state is that of the last token that was run.
            let least = if name == "lfm2" { tokens.len() - 1 } else { (tokens.len() - 1) / 16 * 16 };
            assert!(cached >= least && held >= least, "{name}: {cached}, {held} of {least}");
            // What a restored session adds can be saved too.
            let again = snapshot(&restored).expect("a slot is free");
            let mut again = restore(&engine, &again, 100).expect("the snapshot is whole");
            assert_eq!(go_on(&mut again).0, go_on(&mut restored).0, "{name}");
            drop((restored, again));
            assert_eq!(engine.memory().held_blocks, 0, "{name}");
        }
    }
}

#[test]
fn a_damaged_snapshot_is_refused_and_leaves_nothing_behind() {
    let Some(device) = adapters().first() else { return };
    let (engine, other) =
        (load(device, "lfm2", EngineOptions::default()), load(device, "lfm2", EngineOptions::default()));
    let bytes = snapshot(&talked(&engine, 1)).expect("a slot is free");
    let mut random = Random::new(5);
    let flips = (0..52).map(|place| (place, 1 << random.below(8)));
    let flips: Vec<(usize, u8)> = flips.collect();
    let everywhere = (0..300).map(|_| (random.below(bytes.len()), 1 << random.below(8)));
    for (place, bit) in flips.into_iter().chain(everywhere.collect::<Vec<_>>()) {
        let mut damaged = bytes.clone();
        damaged[place] ^= bit;
        let code = code(restore(&other, &damaged, 4096));
        let known = [Some("snapshot-damaged"), Some("snapshot-version"), Some("snapshot-mismatch")];
        assert!(known.contains(&code), "byte {place}: {code:?}");
    }
    for part in 0..16 {
        let cut = restore(&other, &bytes[..bytes.len() * part / 16], 4096);
        assert_eq!(code(cut), Some("snapshot-damaged"), "{part}/16");
    }
    assert_eq!(code(restore(&other, &bytes[..bytes.len() - 1], 4096)), Some("snapshot-damaged"));
    let longer = [&bytes[..], &[0]].concat();
    assert_eq!(code(restore(&other, &longer, 4096)), Some("snapshot-damaged"));
    let memory = other.memory();
    assert_eq!((memory.held_blocks, memory.cached_blocks, memory.checkpoints), (0, 0, 0));
    assert_eq!(memory.free_slots, other.slots() as usize);
    restore(&other, &bytes, 4096).expect("the snapshot itself is whole");
}

#[test]
fn a_snapshot_of_another_model_or_other_settings_is_refused() {
    let Some(device) = adapters().first() else { return };
    let default = EngineOptions::default;
    let saved = |name| snapshot(&talked(&load(device, name, default()), 1)).expect("a slot is free");
    let (bytes, of_floats) = (saved("llama-q4_0"), saved("llama-f16"));
    let quantised = EngineOptions { quantize: Some("q4".parse().expect("it is one")), ..default() };
    for (bytes, name, options) in [
        (&bytes, "llama-q8_0", default()),
        (&bytes, "llama-q4_0", EngineOptions { kv_format: Some(KvFormat::Q8), ..default() }),
        (&bytes, "llama-q4_0", EngineOptions { activations: Activations::Float, ..default() }),
        (&of_floats, "llama-f16", quantised),
    ] {
        let other = load(device, name, options.clone());
        assert_eq!(code(restore(&other, bytes, 4096)), Some("snapshot-mismatch"), "{name}, {options:?}");
    }
    // The number of slots and the room for tokens are no such settings.
    let larger = EngineOptions { slots: Some(3), kv_tokens: Some(1024), ..EngineOptions::default() };
    restore(&load(device, "llama-q4_0", larger), &bytes, 4096).expect("it is the same model");
}

#[test]
fn without_room_for_its_blocks_a_session_comes_back_with_its_tokens() {
    let Some(device) = adapters().first() else { return };
    let engine = load(device, "llama-q4_0", EngineOptions { slots: Some(1), ..EngineOptions::default() });
    let mut session = talked(&engine, 1);
    let bytes = snapshot(&session).expect("a slot is free");
    let expected = go_on(&mut session).0;
    let long = GenerateOptions { max_tokens: Some(200), ..options() };
    let mut running = engine.generate(&[1], long).expect("the slot is free");
    assert!(next_token(&mut running).is_some());
    assert!(matches!(snapshot(&session), Err(Error::Busy { .. })));
    let mut restored = restore(&engine, &bytes, 4096).expect("the snapshot is whole");
    let mut damaged = bytes.clone();
    damaged[bytes.len() / 2] ^= 4;
    assert_eq!(code(restore(&engine, &damaged, 4096)), Some("snapshot-damaged"), "it is checked all the same");
    drop(running);
    assert_eq!(go_on(&mut restored).0, expected);
    // An engine that keeps nothing has no use for blocks either.
    let cold = load(device, "llama-q4_0", EngineOptions { prefix_cache: Some(false), ..EngineOptions::default() });
    let mut restored = restore(&cold, &bytes, 4096).expect("the snapshot is whole");
    assert_eq!((restored.held(), go_on(&mut restored).0), (0, expected));
    let tokens = snapshot(&restored).expect("a slot is free");
    assert_eq!(tokens.len(), 52 + restored.len() * 4 + 8);
}

#[test]
fn an_empty_session_and_one_that_was_never_read_can_be_saved() {
    let Some(device) = adapters().first() else { return };
    let engine = load(device, "llama-q4_0", EngineOptions::default());
    for length in [0, 1, 40] {
        let mut session = engine.session();
        session.append(&prompt(9, length, 60)).expect("they are tokens");
        let bytes = snapshot(&session).expect("a slot is free");
        let restored = restore(&engine, &bytes, 3).expect("the snapshot is whole");
        assert_eq!((restored.tokens(), restored.held()), (session.tokens(), 0));
    }
    let stopped = talked(&engine, 2);
    let error = block_on(stopped.snapshot(|_| Err(Error::EmptyPrompt)));
    assert_eq!(code(error), Some("empty-prompt"), "the writer's error ends it");
    generate(&engine, &[1], options()).expect("nothing is held");
    assert_eq!(engine.memory().held_blocks, 0);
}
