//! Tests of beam search against one that computes everything anew.

use pollster::block_on;
use wgslm::engine::{Activations, Beam, BeamOptions, Engine, EngineOptions, FinishReason, GenerateOptions};
use wgslm_testing::golden;

use crate::adapters::adapters;
use crate::setup::{argmax, engine, generate, logits_from, prompt};

fn load(name: &str, options: EngineOptions) -> Option<Engine> {
    let options = EngineOptions { context_length: Some(64), activations: Activations::Float, ..options };
    Some(engine(adapters().first()?, &golden(&format!("models/{name}.gguf")), &options))
}

/// The log-probabilities of all tokens after `tokens`.
fn logprobs_of_all(engine: &Engine, tokens: &[u32]) -> Vec<f64> {
    let logits = logits_from(engine, tokens, tokens.len() - 1).expect("the model runs");
    let sum: f64 = logits.iter().map(|logit| f64::from(*logit).exp()).sum();
    logits.iter().map(|logit| f64::from(*logit) - sum.ln()).collect()
}

/// The log-probabilities of the tokens after `tokens`, of stop tokens negative infinity.
fn logprobs(engine: &Engine, tokens: &[u32]) -> Vec<f64> {
    let stops = engine.model().tokenizer().expect("it has one").stop_tokens();
    let all = (0..).zip(logprobs_of_all(engine, tokens));
    all.map(|(token, logprob)| if stops.contains(&token) { f64::NEG_INFINITY } else { logprob }).collect()
}

/// The likeliest answers of `length` tokens and their log-probabilities, of those that beams of this width see.
fn expected(engine: &Engine, prompt: &[u32], width: usize, length: usize) -> Vec<(Vec<u32>, f64)> {
    let mut paths = vec![(Vec::new(), 0.0)];
    for _ in 0..length {
        let mut next = Vec::new();
        for (tokens, logprob) in &paths {
            let scores = logprobs(engine, &[prompt, tokens].concat());
            next.extend((0..).zip(scores).map(|(token, score)| ([&tokens[..], &[token]].concat(), logprob + score)));
        }
        next.sort_by(|a: &(Vec<u32>, f64), b| b.1.total_cmp(&a.1));
        next.truncate(width);
        paths = next;
    }
    paths
}

fn search(engine: &Engine, prompt: &[u32], width: u32, most: u32) -> Vec<Beam> {
    let options = BeamOptions { width, max_tokens: Some(most), ..BeamOptions::default() };
    block_on(engine.beam_search(prompt, &options)).expect("the model runs")
}

#[test]
fn beams_are_those_of_a_search_without_a_cache() {
    let mut compared = 0;
    for name in ["llama-q4_0", "gemma3", "lfm2"] {
        let options =
            EngineOptions { slots: Some(2), queue: Some(1), kv_tokens: Some(512), ..EngineOptions::default() };
        let Some(engine) = load(name, options) else { return };
        for seed in 0..3 {
            let prompt = prompt(seed, 9, 60);
            let beams = search(&engine, &prompt, 4, 4);
            if beams.iter().any(|beam| beam.finish_reason == FinishReason::Stop) {
                continue;
            }
            compared += 1;
            let expected = expected(&engine, &prompt, 4, 4);
            assert_eq!(beams.len(), 4);
            for (beam, (tokens, logprob)) in beams.iter().zip(&expected) {
                assert!((beam.logprob - logprob).abs() < 0.05, "{name}: {beam:?}, {tokens:?} of {logprob}");
            }
            assert_eq!((&beams[0].tokens, beams[0].finish_reason), (&expected[0].0, FinishReason::Length), "{name}");
        }
        assert_eq!(engine.memory().held_blocks, 0);
    }
    assert!(compared > 4, "{compared} searches without a stop token");
}

#[test]
fn one_beam_is_the_greedy_answer() {
    let Some(engine) = load("llama-q4_0", EngineOptions::default()) else { return };
    let prompt = prompt(4, 12, 60);
    let options = GenerateOptions { max_tokens: Some(20), ..GenerateOptions::default() };
    let (tokens, text, summary) = generate(&engine, &prompt, options).expect("the model runs");
    let [beam] = &search(&engine, &prompt, 1, 20)[..] else { panic!("there is one") };
    assert_eq!((&beam.tokens, &beam.text, beam.finish_reason), (&tokens, &text, summary.finish_reason));
    assert_eq!(tokens[0], argmax(&logits_from(&engine, &prompt, prompt.len() - 1).expect("the model runs")));
}

#[test]
fn answers_that_stop_compete_by_the_length_penalty() {
    let Some(engine) = load("llama-q4_0", EngineOptions::default()) else { return };
    let prompt = prompt(0, 9, 60);
    let stop = engine.model().tokenizer().expect("it has one").stop_tokens()[0];
    let expected = logprobs_of_all(&engine, &prompt)[stop as usize];
    // Short answers have few factors below one.
    let options = BeamOptions { max_tokens: Some(4), length_penalty: 0.0, ..BeamOptions::default() };
    let beams = block_on(engine.beam_search(&prompt, &options)).expect("the model runs");
    let ended = beams.iter().find(|beam| beam.tokens == [stop]).expect("it is likely enough");
    assert_eq!((ended.finish_reason, ended.text.as_str()), (FinishReason::Stop, ""));
    assert!((ended.logprob - expected).abs() < 0.05, "{ended:?}, {expected}");
    assert!(beams.is_sorted_by(|a, b| a.logprob >= b.logprob), "{beams:?}");
    assert!(search(&engine, &prompt, 4, 4).iter().all(|beam| beam.tokens != [stop]));
}

#[test]
fn a_search_ends_with_the_context_and_refuses_what_cannot_be() {
    let Some(engine) = load("llama-q4_0", EngineOptions::default()) else { return };
    let beams = block_on(engine.beam_search(&prompt(4, 60, 60), &BeamOptions::default())).expect("the model runs");
    assert!(beams.iter().all(|beam| beam.tokens.len() == 4 && beam.finish_reason == FinishReason::Context
        || beam.finish_reason == FinishReason::Stop));
    for width in [0, GenerateOptions::MOST_LOGPROBS / 2 + 1] {
        let options = BeamOptions { width, ..BeamOptions::default() };
        let refused = block_on(engine.beam_search(&[1], &options)).err().map(|error| error.code());
        assert_eq!(refused, Some("invalid-option"));
    }
    for (prompt, expected) in [(&[][..], "empty-prompt"), (&[1; 65], "prompt-too-long")] {
        let refused = block_on(engine.beam_search(prompt, &BeamOptions::default())).err().map(|error| error.code());
        assert_eq!(refused, Some(expected));
    }
}
