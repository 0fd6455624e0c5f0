//! Tests of how tokens are chosen, against a loop over logits and the kernels' references.

use std::collections::BTreeMap;

use serde_json::Value;
use wgslm::engine::{Activations, Engine, EngineOptions, GenerateOptions, GenerationEvent, TokenLogprobs};
use wgslm_shaders::cpu::Resources;
use wgslm_shaders::{Bias, Bounds, Launch, Output, Sample, SamplePhase, SampleVariant, random};
use wgslm_testing::golden;
use wgslm_text::Tokenizer;

use crate::adapters::adapters;
use crate::setup::{engine, logits};

const PROMPT: [u32; 9] = [171, 206, 5, 206, 120, 171, 206, 5, 206];

fn tiny_engine() -> Option<Engine> {
    let options =
        EngineOptions { context_length: Some(200), activations: Activations::Float, ..EngineOptions::default() };
    Some(engine(adapters().first()?, &golden("arch/tiny-llama-q8_0.gguf"), &options))
}

/// What is asked of an answer, as an engine and as the kernels take it, and the answer's tokens.
struct Asked {
    name: String,
    options: GenerateOptions,
    output: Output,
    biases: Vec<(u32, f32)>,
    breakers: Vec<u32>,
    recorded: Vec<u32>,
}

/// The cases of `samplers.json`, which tests in a browser ask a page for.
fn recorded(tokenizer: &Tokenizer) -> Vec<Asked> {
    let cases: Vec<Value> =
        serde_json::from_str(include_str!("../../../../tests/browser/samplers.json")).expect("it is JSON");
    cases.iter().map(|case| asked(case, tokenizer)).collect()
}

fn asked(case: &Value, tokenizer: &Tokenizer) -> Asked {
    let tokens = |value: &Value| -> Vec<u32> { serde_json::from_value(value.clone()).expect("tokens") };
    let (mut options, mut output) = (up_to(24), Output::default());
    let mut biases: BTreeMap<u32, f32> = BTreeMap::new();
    for (name, value) in case["options"].as_object().expect("they are named") {
        let (number, count) = (value.as_f64().unwrap_or_default() as f32, value.as_u64().unwrap_or_default() as u32);
        match name.as_str() {
            "temperature" => (options.temperature, output.inverse_temperature) = (number, 1.0 / number),
            "seed" => (options.seed, output.seed) = (u64::from(count), count),
            "topK" => (options.top_k, output.top_k) = (count, count),
            "typicalP" => (options.typical_p, output.typical_p) = (number, number),
            "topP" => (options.top_p, output.top_p) = (number, number),
            "minP" => (options.min_p, output.min_p) = (number, number),
            "xtcProbability" => options.xtc_probability = number,
            "xtcThreshold" => (options.xtc_threshold, output.xtc_threshold) = (number, number),
            "repetitionPenalty" => (options.repetition_penalty, output.repetition_penalty) = (number, number),
            "frequencyPenalty" => (options.frequency_penalty, output.frequency_penalty) = (number, number),
            "presencePenalty" => (options.presence_penalty, output.presence_penalty) = (number, number),
            "penaltyLastN" => options.penalty_last_n = count,
            "dryMultiplier" => (options.dry_multiplier, output.dry_multiplier) = (number, number),
            "dryAllowedLength" => options.dry_allowed_length = count,
            "drySequenceBreakers" => {
                options.dry_sequence_breakers = serde_json::from_value(value.clone()).expect("texts");
            }
            "logitBias" => {
                options.logit_bias = serde_json::from_value(value.clone()).expect("pairs");
                options.logit_bias.iter().for_each(|(token, bias)| *biases.entry(*token).or_default() += bias);
            }
            "suppressTokens" => {
                options.suppress_tokens = tokens(value);
                biases.extend(options.suppress_tokens.iter().map(|token| (*token, Bias::NEVER)));
            }
            "logprobs" => options.logprobs = Some(count),
            other => panic!("{other} is no option"),
        }
    }
    output.penalty_last_n = options.penalty_last_n;
    output.biases = biases.len() as u32;
    if options.dry_multiplier > 0.0 {
        output.dry_base = options.dry_base;
        output.dry_allowed_length = options.dry_allowed_length;
        // 1.75 to this is 1e30.
        output.dry_most_length = options.dry_allowed_length + 123;
        output.dry_last_n = options.dry_last_n;
    }
    let ends = |token: &u32| {
        let text = tokenizer.decode(&[*token]);
        options.dry_sequence_breakers.iter().any(|breaker| text.contains(breaker))
    };
    let breakers = (0..tokenizer.vocabulary_size() as u32).filter(ends).collect();
    let name = case["name"].as_str().expect("it is named").to_owned();
    let (biases, recorded) = (biases.into_iter().collect(), tokens(&case["tokens"]));
    Asked { name, options, output, biases, breakers, recorded }
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
    let drawn = f64::from(random(asked.output.seed, position, u32::MAX)) / 4_294_967_296.0;
    let xtc = drawn < f64::from(asked.options.xtc_probability);
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
    for asked in recorded(tokenizer) {
        let (name, found) = (&asked.name, answer(&engine, &asked.options));
        assert_eq!(found.len(), 24, "{name}");
        let mut tokens = PROMPT.to_vec();
        for (token, logprobs) in &found {
            let (expected, logits) = next(&engine, &asked, &tokens);
            assert_eq!(*token, expected, "{name}, after {tokens:?}");
            assert_eq!(logprobs.is_some(), asked.options.logprobs.is_some(), "{name}");
            if let Some((alternatives, logprobs)) = asked.options.logprobs.zip(logprobs.as_ref()) {
                check_logprobs(&logits, *token, logprobs, alternatives as usize);
            }
            tokens.push(*token);
        }
        assert_eq!(tokens[PROMPT.len()..], asked.recorded, "{name}");
        let plain = GenerateOptions { temperature: asked.options.temperature, seed: asked.options.seed, ..up_to(24) };
        let plain: Vec<u32> = answer(&engine, &plain).into_iter().map(|(token, _)| token).collect();
        assert_eq!(plain == asked.recorded, name == "temperature", "{name} changes the answer");
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
