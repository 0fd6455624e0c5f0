//! Tests of several answers to one prompt.

use pollster::block_on;
use wgslm::engine::{Engine, EngineOptions, FinishReason, GenerateOptions, GenerationEvent, Summary};
use wgslm_testing::golden;

use crate::adapters::adapters;
use crate::setup::{engine, generate, next_token, prompt};

const ANSWERS: u32 = 5;
const LENGTH: u32 = 12;

fn load(name: &str, options: EngineOptions) -> Option<Engine> {
    let options = EngineOptions { context_length: Some(256), ..options };
    Some(engine(adapters().first()?, &golden(&format!("models/{name}.gguf")), &options))
}

fn options(seed: u64) -> GenerateOptions {
    GenerateOptions {
        max_tokens: Some(LENGTH),
        temperature: 1.5,
        seed,
        ignore_stop: true,
        ..GenerateOptions::default()
    }
}

/// All answers, with their summaries.
fn finish(engine: &Engine, prompt: &[u32], seed: u64) -> Vec<(Vec<u32>, Summary)> {
    let mut several = engine.generate_several(prompt, ANSWERS, options(seed)).expect("there is room");
    let mut answers = vec![(Vec::new(), None); ANSWERS as usize];
    while let Some((index, event)) = block_on(several.next()).expect("the model runs") {
        let (tokens, summary) = &mut answers[index as usize];
        assert_eq!(*summary, None, "nothing follows the summary");
        match event {
            GenerationEvent::Token { token, .. } => tokens.push(token),
            GenerationEvent::Finished(end) => *summary = Some(end),
        }
    }
    answers.into_iter().map(|(tokens, end)| (tokens, end.expect("each answer ends"))).collect()
}

#[test]
fn several_answers_read_their_prompt_once() {
    for name in ["llama-q4_0", "gemma3", "lfm2"] {
        let cold = EngineOptions { prefix_cache: Some(false), ..EngineOptions::default() };
        let roomy = EngineOptions { kv_tokens: Some(1024), ..EngineOptions::default() };
        let (Some(warm), Some(cold)) = (load(name, roomy), load(name, cold)) else { return };
        let prompt = prompt(1, 70, 60);
        for (index, (tokens, summary)) in (0..).zip(finish(&warm, &prompt, 40)) {
            let alone = generate(&cold, &prompt, options(40 + index)).expect("the model runs").0;
            assert_eq!(tokens, alone, "{name}, answer {index}");
            assert_eq!(summary.finish_reason, FinishReason::Length);
            assert_eq!(summary.cached_tokens, if index == 0 { 0 } else { 69 }, "{name}, answer {index}");
        }
        assert_eq!(warm.memory().held_blocks, 0);
    }
}

#[test]
fn answers_wait_for_room_in_the_queue() {
    let narrow = EngineOptions { slots: Some(1), queue: Some(1), ..EngineOptions::default() };
    let Some(engine) = load("llama-q4_0", narrow) else { return };
    let answers = finish(&engine, &[1, 2, 3], 7);
    for (index, (tokens, _)) in (0..).zip(answers) {
        assert_eq!(tokens, generate(&engine, &[1, 2, 3], options(7 + index)).expect("the model runs").0);
    }
    // Without room for even the first, it is refused at once.
    let long = |token| {
        let options = GenerateOptions { max_tokens: Some(200), ..options(0) };
        engine.generate(&[token], options).expect("there is room")
    };
    let mut running = long(1);
    assert!(next_token(&mut running).is_some());
    let _waiting = long(2);
    let refused = engine.generate_several(&[3], 2, options(0)).err().map(|error| error.code());
    assert_eq!(refused, Some("busy"));
}

#[test]
fn several_answers_end_together() {
    let Some(engine) = load("llama-q4_0", EngineOptions::default()) else { return };
    let mut several = engine.generate_several(&[1, 2, 3], 3, options(0)).expect("there is room");
    for _ in 0..4 {
        assert!(block_on(several.next()).expect("the model runs").is_some());
    }
    several.cancel();
    assert!(block_on(several.next()).expect("it has ended").is_none());
    assert_eq!(engine.memory().held_blocks, 0);
    let none = engine.generate_several(&[1], 0, options(0)).err().map(|error| error.code());
    assert_eq!(none, Some("invalid-option"));
}
