//! Tests that sessions answer as whole prompts do, however their tokens came about.

use wgslm::engine::{
    Engine, EngineOptions, FinishReason, GenerateOptions, Generation, GenerationEvent, Prompt, Session,
};
use wgslm_testing::golden;

use crate::adapters::{adapters, laid_out};
use crate::setup::{engine, finish, generate, next_token, prompt};

/// A model that keeps everything, one with windows, and one with a state.
const MODELS: [&str; 3] = ["llama-q4_0", "gemma3", "lfm2"];
/// Tokens of a text, and of an answer.
const TEXT: usize = 70;
const ANSWER: u32 = 9;

fn load(device: &wgslm::Device, name: &str, options: EngineOptions) -> Engine {
    let options = EngineOptions { context_length: Some(256), ..options };
    engine(device, &golden(&format!("models/{name}.gguf")), &options)
}

/// Each model with an engine that keeps prefixes and one that doesn't.
fn engines() -> impl Iterator<Item = (&'static str, Engine, Engine)> {
    let device = adapters().first();
    MODELS.into_iter().enumerate().filter_map(move |(index, name)| {
        let device = &laid_out(device?, index % 2 == 0);
        let cold = EngineOptions { prefix_cache: Some(false), ..EngineOptions::default() };
        let warm = EngineOptions { kv_tokens: Some(1024), ..EngineOptions::default() };
        Some((name, load(device, name, warm), load(device, name, cold)))
    })
}

fn options() -> GenerateOptions {
    GenerateOptions { max_tokens: Some(ANSWER), ignore_stop: true, ..GenerateOptions::default() }
}

fn answer(session: &mut Session) -> (Vec<u32>, usize) {
    let (tokens, _, summary) = finish(&mut session.generate(options()).expect("there is room")).expect("it runs");
    (tokens, summary.cached_tokens)
}

/// Asks a session and, with the same tokens, an engine that keeps nothing; returns the cached tokens.
fn check(session: &mut Session, cold: &Engine, what: &str) -> usize {
    let before = session.tokens();
    let expected = generate(cold, &before, options()).expect("the model runs").0;
    let (found, cached) = answer(session);
    assert_eq!(found, expected, "{what}");
    assert_eq!(session.tokens(), [before, found].concat(), "{what}");
    cached
}

#[test]
fn a_session_answers_as_its_tokens_would() {
    for (name, warm, cold) in engines() {
        let mut session = warm.session();
        session.append(&prompt(1, TEXT, 60)).expect("they are tokens");
        assert_eq!(check(&mut session, &cold, name), 0);
        session.append(&prompt(2, 5, 60)).expect("they are tokens");
        // All but the last token of the answer was run.
        let whole = session.len() - 5 - 1;
        assert_eq!((check(&mut session, &cold, name), session.held()), (whole, session.len() - 1), "{name}");

        let mut fork = session.fork();
        fork.append(&[7]).expect("it is a token");
        session.append(&[8, 9]).expect("they are tokens");
        let parted = session.len() - 2;
        for (what, session) in [("the fork", &mut fork), ("the first", &mut session)] {
            assert!(check(session, &cold, &format!("{name}, {what}")) >= parted - 1, "{name}, {what}");
        }
        // Shorter by a few tokens, by more than a window, to the beginning, and to nothing.
        for length in [session.len() - 3, TEXT + 2, TEXT - 11, 3] {
            session.truncate(length);
            session.append(&prompt(length as u64, 4, 60)).expect("they are tokens");
            check(&mut session, &cold, &format!("{name}, truncated to {length}"));
        }
        session.truncate(0);
        assert!(session.is_empty() && session.held() == 0);
        assert_eq!(session.generate(options()).err().map(|error| error.code()), Some("empty-prompt"));
        // The fork hasn't noticed.
        check(&mut fork, &cold, &format!("{name}, the fork again"));
        drop((session, fork));
        assert_eq!(warm.memory().held_blocks, 0);
    }
}

#[test]
fn a_truncated_session_starts_from_what_is_left() {
    let Some(device) = adapters().first() else { return };
    let engine = load(device, "llama-q4_0", EngineOptions::default());
    let mut session = engine.session();
    session.append(&prompt(1, TEXT, 60)).expect("they are tokens");
    answer(&mut session);
    session.truncate(TEXT - 20);
    session.append(&[5]).expect("it is a token");
    assert_eq!((answer(&mut session).1, session.len()), (TEXT - 20, TEXT - 19 + ANSWER as usize));
}

#[test]
fn what_is_read_ahead_is_not_read_again() {
    let Some(device) = adapters().first() else { return };
    for name in MODELS {
        let engine = load(device, name, EngineOptions::default());
        let mut session = engine.session();
        session.append(&prompt(1, TEXT, 60)).expect("they are tokens");
        pollster::block_on(session.prefill()).expect("there is room");
        assert_eq!(session.len(), TEXT, "{name}: its token is nobody's");
        session.append(&[3, 4]).expect("they are tokens");
        assert!(answer(&mut session).1 >= TEXT - 1, "{name}");
    }
}

#[test]
fn a_session_keeps_its_place_while_others_fill_the_memory() {
    let Some(device) = adapters().first() else { return };
    for name in MODELS {
        let engine = load(device, name, EngineOptions::default());
        let mut session = engine.session();
        session.append(&prompt(1, TEXT, 60)).expect("they are tokens");
        answer(&mut session);
        for seed in 2..9 {
            generate(&engine, &prompt(seed, TEXT, 60), options()).expect("the model runs");
        }
        let held = session.held();
        assert_eq!(held, session.len() - 1, "{name}");
        session.append(&[1]).expect("it is a token");
        assert_eq!(answer(&mut session).1, held, "{name}");
        // A request that needs all of it gets it, and the session reads again. Windows have room for all slots.
        generate(&engine, &prompt(20, 240, 60), options()).expect("the model runs");
        assert!(session.held() < held || name == "gemma3", "{name}");
        let whole = session.len();
        answer(&mut session);
        assert_eq!(session.len(), whole + ANSWER as usize);
    }
}

#[test]
fn a_generation_adds_what_its_caller_takes() {
    let Some(device) = adapters().first() else { return };
    let engine = load(device, "llama-q4_0", EngineOptions::default());
    let mut session = engine.session();
    session.append(&prompt(1, 6, 60)).expect("they are tokens");
    let long = || GenerateOptions { max_tokens: Some(100), ..options() };
    let mut generation = session.generate(long()).expect("there is room");
    let taken = [(); 3].map(|()| next_token(&mut generation).expect("it goes on"));
    assert_eq!(session.tokens()[6..], taken);
    // What changes the session ends it.
    session.append(&[1]).expect("it is a token");
    assert!(matches!(pollster::block_on(generation.next()),
        Ok(Some(GenerationEvent::Finished(summary))) if summary.finish_reason == FinishReason::Cancelled));
    assert_eq!(session.len(), 6 + 3 + 1);
    let mut generation = session.generate(long()).expect("there is room");
    next_token(&mut generation).expect("it goes on");
    drop(generation);
    assert_eq!(session.len(), 6 + 3 + 1 + 1);
    // A generation outlives its session.
    let mut generation: Generation = session.generate(options()).expect("there is room");
    drop(session);
    assert_eq!(finish(&mut generation).expect("it goes on").0.len(), ANSWER as usize);
}

#[test]
fn only_tokens_of_the_vocabulary_are_appended() {
    let Some(device) = adapters().first() else { return };
    let engine = load(device, "llama-q4_0", EngineOptions::default());
    let mut session = engine.session();
    session.append(&[1, 2]).expect("they are tokens");
    for result in [session.append(&[3, u32::MAX]), session.set(&Prompt::Tokens(vec![1 << 30]))] {
        assert_eq!(result.err().map(|error| error.code()), Some("unknown-token"));
    }
    assert_eq!(session.tokens(), [1, 2]);
    session.set(&Prompt::Tokens(vec![1, 5])).expect("they are tokens");
    assert_eq!(session.tokens(), [1, 5]);
}
