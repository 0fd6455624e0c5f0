//! Tests of answers that are longer than the context.

use wgslm::engine::{ContextFull, Engine, EngineOptions, FinishReason, GenerateOptions, Speculation};
use wgslm_testing::golden;

use crate::adapters::adapters;
use crate::setup::{engine, finish, generate, next_token, prompt};

const CONTEXT: usize = 32;
const KEEP: usize = 3;
/// Tokens of an answer: the context slides several times.
const ANSWER: usize = 60;

fn load(name: &str, prefix_cache: bool) -> Option<Engine> {
    let options = EngineOptions {
        context_length: Some(CONTEXT as u32),
        kv_tokens: Some(512),
        prefix_cache: Some(prefix_cache),
        ..EngineOptions::default()
    };
    Some(engine(adapters().first()?, &golden(&format!("models/{name}.gguf")), &options))
}

fn sliding(seed: u64) -> GenerateOptions {
    GenerateOptions {
        max_tokens: Some(ANSWER as u32),
        temperature: if seed == 0 { 0.0 } else { 3.0 },
        seed,
        frequency_penalty: 0.7,
        ignore_stop: true,
        context_full: ContextFull::Slide { keep: KEEP as u32 },
        ..GenerateOptions::default()
    }
}

/// The answer of an engine that slides, made of requests that don't.
fn expected(engine: &Engine, prompt: &[u32], seed: u64) -> Vec<u32> {
    let mut sequence = prompt.to_vec();
    let mut answer = Vec::new();
    while answer.len() < ANSWER {
        let left = (ANSWER - answer.len()) as u32;
        let options = GenerateOptions { max_tokens: Some(left), context_full: ContextFull::Stop, ..sliding(seed) };
        let (tokens, _, summary) = generate(engine, &sequence, options).expect("the model runs");
        assert!(answer.len() + tokens.len() == ANSWER || summary.finish_reason == FinishReason::Context);
        sequence.extend(&tokens);
        answer.extend(tokens);
        sequence.drain(KEEP..KEEP + (CONTEXT - KEEP) / 2);
    }
    answer
}

#[test]
fn an_answer_longer_than_the_context_goes_on() {
    for name in ["llama-q4_0", "gemma3", "lfm2"] {
        let (Some(warm), Some(cold)) = (load(name, true), load(name, false)) else { return };
        let prompts: Vec<Vec<u32>> = (0..3).map(|seed| prompt(seed + 1, 5 + 10 * seed as usize, 60)).collect();
        let alone: Vec<_> = (0..).zip(&prompts).map(|(seed, prompt)| expected(&cold, prompt, seed)).collect();
        // All at once, as well.
        let ask = |(seed, prompt): (u64, &Vec<u32>)| warm.generate(prompt, sliding(seed)).expect("there is room");
        let mut generations: Vec<_> = (0..).zip(&prompts).map(ask).collect();
        for (generation, alone) in generations.iter_mut().zip(&alone) {
            let (tokens, text, summary) = finish(generation).expect("it goes on");
            assert_eq!((&tokens, summary.finish_reason), (alone, FinishReason::Length), "{name}");
            if let Ok(tokenizer) = warm.model().tokenizer() {
                let mut detokenizer = tokenizer.detokenizer();
                let mut whole: String = tokens.iter().map(|token| detokenizer.push(*token)).collect();
                whole += &detokenizer.finish();
                assert_eq!(text, whole, "{name}: the text goes on too");
            }
        }
        assert_eq!(warm.memory().held_blocks, 0);
    }
}

#[test]
fn drafts_are_tried_on_either_side_of_a_slide() {
    for name in ["llama-q4_0", "lfm2"] {
        let Some(engine) = load(name, true) else { return };
        let prompt = prompt(5, 12, 60);
        let long = GenerateOptions { max_tokens: Some(4 * CONTEXT as u32), frequency_penalty: 0.0, ..sliding(0) };
        let (alone, text, _) = generate(&engine, &prompt, long.clone()).expect("it goes on");
        let options = GenerateOptions { speculation: Speculation::Lookup, ..long };
        let (tokens, found, summary) = generate(&engine, &prompt, options).expect("it goes on");
        assert_eq!((tokens, found), (alone, text), "{name}");
        assert!(summary.timeline.accepted_tokens > 0, "{name}: {:?}", summary.timeline);
    }
}

#[test]
fn a_session_loses_what_the_model_no_longer_sees() {
    let (Some(warm), Some(cold)) = (load("llama-q4_0", true), load("llama-q4_0", false)) else { return };
    let mut session = warm.session();
    session.append(&prompt(1, 20, 60)).expect("they are tokens");
    let mut whole = session.tokens();
    let answer = finish(&mut session.generate(sliding(3)).expect("there is room")).expect("it goes on").0;
    assert_eq!(answer, expected(&cold, &whole, 3));
    whole.extend(answer);
    let seen = session.tokens();
    assert!(seen.len() < CONTEXT && seen[..KEEP] == whole[..KEEP] && whole.ends_with(&seen[KEEP..]));
    // All but the last token is there already.
    assert!(session.held() >= seen.len() - 1);
    let next = GenerateOptions { max_tokens: Some(2), ..sliding(0) };
    let (_, _, summary) = finish(&mut session.generate(next.clone()).expect("there is room")).expect("it goes on");
    assert_eq!((summary.prompt_tokens, summary.cached_tokens), (seen.len(), seen.len() - 1));
    // A prompt longer than the context is shortened as well.
    let (_, _, summary) = generate(&warm, &prompt(2, 5 * CONTEXT, 60), next).expect("there is room");
    assert!(summary.prompt_tokens < CONTEXT);
}

#[test]
fn an_answer_that_slides_can_be_cancelled() {
    let Some(engine) = load("llama-q4_0", true) else { return };
    let options = GenerateOptions { max_tokens: None, ..sliding(3) };
    let mut generation = engine.generate(&[1, 2, 3], options).expect("there is room");
    for _ in 0..3 * CONTEXT {
        next_token(&mut generation).expect("it goes on");
    }
    generation.cancel();
    assert_eq!(engine.memory().held_blocks, 0);
    let keep = ContextFull::Slide { keep: CONTEXT as u32 / 2 };
    let refused = engine.generate(&[1], GenerateOptions { context_full: keep, ..sliding(0) });
    assert_eq!(refused.err().map(|error| error.code()), Some("invalid-option"));
}
