//! Tests of how tokens are chosen, against a loop over logits and the kernels' references.

use wgslm::engine::{Activations, Engine, EngineOptions, GenerateOptions, GenerationEvent, TokenLogprobs};
use wgslm_shaders::cpu::Resources;
use wgslm_shaders::{Bias, Bounds, Launch, Output, Sample, SamplePhase, SampleVariant, random};
use wgslm_testing::golden;

use crate::adapters::adapters;
use crate::setup::{engine, logits};

const PROMPT: [u32; 9] = [171, 206, 5, 206, 120, 171, 206, 5, 206];

fn tiny_engine() -> Option<Engine> {
    let options =
        EngineOptions { context_length: Some(200), activations: Activations::Float, ..EngineOptions::default() };
    Some(engine(adapters().first()?, &golden("arch/tiny-llama-q8_0.gguf"), &options))
}

/// Options as the kernels take them, and the biases and sequence breakers of the slot.
struct Asked {
    options: GenerateOptions,
    output: Output,
    biases: Vec<(u32, f32)>,
    breakers: Vec<u32>,
}

/// A greedy request with biases and penalties.
fn penalised() -> Asked {
    let options = GenerateOptions {
        repetition_penalty: 1.3,
        frequency_penalty: 0.2,
        presence_penalty: 0.1,
        penalty_last_n: 20,
        logit_bias: vec![(7, 1.5), (9, 0.25), (9, 0.25), (300, -2.0)],
        suppress_tokens: vec![11, 206],
        logprobs: Some(5),
        ..up_to(24)
    };
    let output = Output {
        repetition_penalty: 1.3,
        frequency_penalty: 0.2,
        presence_penalty: 0.1,
        penalty_last_n: 20,
        biases: 5,
        ..Output::default()
    };
    let biases = vec![(7, 1.5), (9, 0.5), (11, Bias::NEVER), (206, Bias::NEVER), (300, -2.0)];
    Asked { options, output, biases, breakers: Vec::new() }
}

/// A request that draws, with everything that narrows what it draws from.
fn drawn() -> Asked {
    let options = GenerateOptions {
        temperature: 0.8,
        seed: 11,
        top_k: 60,
        typical_p: 0.9,
        top_p: 0.95,
        min_p: 0.01,
        xtc_probability: 0.5,
        xtc_threshold: 0.02,
        dry_multiplier: 1.5,
        dry_allowed_length: 1,
        dry_sequence_breakers: vec!["a".to_owned(), "\n".to_owned()],
        logprobs: Some(0),
        ..up_to(24)
    };
    let output = Output {
        seed: 11,
        inverse_temperature: 1.0 / 0.8,
        top_k: 60,
        typical_p: 0.9,
        top_p: 0.95,
        min_p: 0.01,
        xtc_threshold: 0.02,
        dry_multiplier: 1.5,
        dry_base: 1.75,
        dry_allowed_length: 1,
        dry_most_length: 124,
        dry_last_n: Output::HISTORY,
        ..Output::default()
    };
    Asked { options, output, biases: Vec::new(), breakers: Vec::new() }
}

fn up_to(tokens: u32) -> GenerateOptions {
    GenerateOptions { max_tokens: Some(tokens), ignore_stop: true, ..GenerateOptions::default() }
}

/// The next token after these, and the logits that it was chosen from.
fn next(engine: &Engine, asked: &Asked, tokens: &[u32]) -> (u32, Vec<f32>) {
    let vocabulary = engine.model().spec.vocabulary;
    let all = logits(engine, tokens);
    let last = &all[all.len() - vocabulary as usize..];
    let position = tokens.len() as u32;
    let xtc = f64::from(random(asked.output.seed, position, u32::MAX)) < 0.5 * 4_294_967_296.0;
    let xtc_threshold = if xtc { asked.output.xtc_threshold } else { 0.0 };
    let mut history = tokens.to_vec();
    history.resize(Output::HISTORY as usize, 0);
    let mut biases: Vec<Bias> =
        asked.biases.iter().map(|(token, value)| Bias { token: *token, value: *value }).collect();
    biases.resize(Output::BIASES as usize, Bias::default());
    let words = Sample::mask_words(vocabulary) as usize;
    let mut breakers = vec![0u32; words];
    asked.breakers.iter().for_each(|token| breakers[*token as usize / 32] |= 1 << (token % 32));
    let mut resources = Resources::default()
        .with("outputs", &[Output { position, xtc_threshold, ..asked.output }])
        .with("logits", last)
        .with("masks", &vec![u32::MAX; words])
        .with("history", &history)
        .with("biases", &biases)
        .with("breakers", &breakers)
        .with("changes", &vec![0u32; Sample::changes_words(vocabulary) as usize])
        .with("bounds", &[Bounds::NONE])
        .with("candidates", &[0u32])
        .with("sampled", &[0u32]);
    for (stage, phase) in [
        (SampleVariant::Adjust, SamplePhase::Top),
        (SampleVariant::Truncate, SamplePhase::Top),
        (SampleVariant::Truncate, SamplePhase::Typical),
        (SampleVariant::Truncate, SamplePhase::Rest),
        (SampleVariant::Xtc, SamplePhase::Xtc),
        (SampleVariant::ArgmaxPartials, SamplePhase::Top),
        (SampleVariant::Argmax, SamplePhase::Top),
    ] {
        Sample::new(vocabulary, phase).reference(&stage.into(), 1, &mut resources);
    }
    (resources.get::<u32>("sampled")[0], last.to_vec())
}

/// The tokens of an answer with their log-probabilities.
fn answer(engine: &Engine, options: &GenerateOptions) -> Vec<(u32, Option<TokenLogprobs>)> {
    let mut generation = engine.generate(&PROMPT, options.clone()).expect("there is room");
    let mut tokens = Vec::new();
    while let Some(GenerationEvent::Token { token, logprob, .. }) =
        pollster::block_on(generation.next()).expect("the model runs")
    {
        tokens.push((token, logprob));
    }
    tokens
}

fn check_logprobs(logits: &[f32], token: u32, logprobs: &TokenLogprobs, alternatives: usize) {
    let largest = logits.iter().copied().fold(f32::MIN, f32::max);
    let log_sum = largest + logits.iter().map(|logit| (logit - largest).exp()).sum::<f32>().ln();
    let close = |computed: f32, token: u32| (computed - (logits[token as usize] - log_sum)).abs() < 1e-3;
    assert!(close(logprobs.logprob, token), "{logprobs:?}");
    assert_eq!(logprobs.alternatives.len(), alternatives);
    assert!(logprobs.alternatives.iter().all(|(token, logprob)| close(*logprob, *token)), "{logprobs:?}");
    assert!(logprobs.alternatives.is_sorted_by(|a, b| a.1 >= b.1), "{logprobs:?}");
    let likelier = |least: f32| logits.iter().filter(|logit| *logit - log_sum > least + 1e-3).count();
    assert!(logprobs.alternatives.last().is_none_or(|(_, least)| likelier(*least) < alternatives), "{logprobs:?}");
}

#[test]
fn tokens_are_those_of_a_loop_over_logits_and_the_references() {
    let Some(engine) = tiny_engine() else { return };
    let tokenizer = engine.model().tokenizer().expect("the model has one");
    let mut drawn = drawn();
    drawn.breakers = (0..tokenizer.vocabulary_size() as u32)
        .filter(|token| tokenizer.decode(&[*token]).contains(['a', '\n']))
        .collect();
    assert!(!drawn.breakers.is_empty());
    for asked in [penalised(), drawn] {
        let found = answer(&engine, &asked.options);
        assert_eq!(found.len(), 24);
        let mut tokens = PROMPT.to_vec();
        for (token, logprobs) in &found {
            let (expected, logits) = next(&engine, &asked, &tokens);
            assert_eq!(*token, expected, "after {tokens:?}");
            let alternatives = asked.options.logprobs.expect("they are asked for") as usize;
            check_logprobs(&logits, *token, logprobs.as_ref().expect("they were asked for"), alternatives);
            tokens.push(*token);
        }
        let plain = GenerateOptions { temperature: asked.options.temperature, seed: 11, ..up_to(24) };
        let plain = answer(&engine, &plain);
        assert!(plain.iter().all(|(_, logprobs)| logprobs.is_none()));
        assert_ne!(plain.iter().map(|(token, _)| *token).collect::<Vec<_>>(), tokens[PROMPT.len()..]);
    }
}

#[test]
fn xtc_comes_as_often_as_asked() {
    let Some(engine) = tiny_engine() else { return };
    let options = |xtc_probability| GenerateOptions {
        temperature: 0.01,
        xtc_probability,
        // All but the least likely of what top-k leaves.
        xtc_threshold: 0.0,
        top_k: 2,
        ..up_to(1)
    };
    let first = |seed, probability| answer(&engine, &GenerateOptions { seed, ..options(probability) })[0].0;
    let (likeliest, second) = (first(0, 0.0), first(0, 1.0));
    assert_ne!(likeliest, second);
    let draws: Vec<u32> = (0..200).map(|seed| first(seed, 0.25)).collect();
    assert!(draws.iter().all(|token| [likeliest, second].contains(token)));
    // 50 are expected, with a standard deviation of 6.
    let count = draws.iter().filter(|token| **token == second).count();
    assert!((26..=74).contains(&count), "{count}");
}

#[test]
fn options_that_cannot_be_are_refused() {
    let Some(engine) = tiny_engine() else { return };
    let default = GenerateOptions::default;
    for (options, code) in [
        (GenerateOptions { typical_p: 1.5, ..default() }, "invalid-option"),
        (GenerateOptions { xtc_probability: -0.1, ..default() }, "invalid-option"),
        (GenerateOptions { xtc_threshold: f32::NAN, ..default() }, "invalid-option"),
        (GenerateOptions { repetition_penalty: 0.0, ..default() }, "invalid-option"),
        (GenerateOptions { frequency_penalty: f32::INFINITY, ..default() }, "invalid-option"),
        (GenerateOptions { presence_penalty: -101.0, ..default() }, "invalid-option"),
        (GenerateOptions { penalty_last_n: 2049, ..default() }, "invalid-option"),
        (GenerateOptions { dry_multiplier: -1.0, ..default() }, "invalid-option"),
        (GenerateOptions { dry_base: 0.5, ..default() }, "invalid-option"),
        (GenerateOptions { dry_last_n: 2049, ..default() }, "invalid-option"),
        (GenerateOptions { dry_sequence_breakers: vec![String::new()], ..default() }, "invalid-option"),
        (GenerateOptions { dry_sequence_breakers: vec!["x".to_owned(); 65], ..default() }, "invalid-option"),
        (GenerateOptions { logit_bias: vec![(1, f32::NAN)], ..default() }, "invalid-option"),
        (GenerateOptions { logit_bias: vec![(320, 1.0)], ..default() }, "unknown-token"),
        (GenerateOptions { suppress_tokens: vec![u32::MAX], ..default() }, "unknown-token"),
        (GenerateOptions { logprobs: Some(21), ..default() }, "invalid-option"),
    ] {
        let error = engine.generate(&PROMPT, options.clone()).err().unwrap_or_else(|| panic!("{options:?} is taken"));
        assert_eq!(error.code(), code, "{options:?}");
    }
    let many = GenerateOptions { suppress_tokens: (0..320).collect(), max_tokens: Some(1), ..default() };
    assert_eq!(answer(&engine, &many)[0].0, 0, "the first token stands for none");
}
