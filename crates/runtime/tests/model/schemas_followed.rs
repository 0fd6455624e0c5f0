//! Every schema of the tests of `crates/grammar`, followed by an engine: with drafts, as several answers, and by a real model.

use std::path::Path;
use std::sync::Arc;

use serde_json::Value;
use wgslm::engine::{Constrained, Engine, EngineOptions, FinishReason, GenerateOptions, GenerationEvent, Speculation};
use wgslm_grammar::{Compiler, Grammar, Limits, Vocabulary, Whitespace};
use wgslm_testing::random::Random;
use wgslm_testing::{exhaustive, golden};

use crate::adapters::some_adapters;
use crate::schemas;
use crate::setup::{engine, load_file, prompt};

/// All schemas: those written by hand, and random ones of growing depth.
fn every_schema() -> Vec<Value> {
    let random = (0..120).map(|number| schemas::random(&mut Random::new(number), number as usize / 20));
    schemas::written().into_iter().chain(random).collect()
}

/// What a model without sense needs to come to an end: an inclination to close what is open.
fn closing(engine: &Engine) -> Vec<(u32, f32)> {
    let tokenizer = engine.model().tokenizer().expect("it has one");
    let ends: Vec<u32> = tokenizer.stop_tokens().to_vec();
    let closes = |token: &u32| ["\"", "}", "]", "n", "0"].contains(&tokenizer.decode(&[*token]).as_str());
    let closing = (0..tokenizer.vocabulary_size() as u32).filter(closes).map(|token| (token, 8.0));
    closing.chain(ends.into_iter().map(|token| (token, 12.0))).collect()
}

/// The texts of answers that ended by themselves.
fn ended(engine: &Engine, asked: &[u32], number: usize, options: GenerateOptions) -> Vec<String> {
    let answers = if number % 3 == 2 { 2 } else { 1 };
    let speculation = if number % 3 == 1 { Speculation::Lookup } else { Speculation::Off };
    let options = GenerateOptions { speculation, ..options };
    let mut several = engine.generate_several(asked, answers, options).expect("there is room");
    let (mut texts, mut ended) = (vec![String::new(); answers as usize], Vec::new());
    while let Some((index, event)) = pollster::block_on(several.next()).expect("the grammar can be followed") {
        match event {
            GenerationEvent::Token { text, .. } => texts[index as usize] += &text,
            GenerationEvent::Finished(summary) if summary.finish_reason == FinishReason::Stop => {
                ended.push(std::mem::take(&mut texts[index as usize]));
            }
            GenerationEvent::Finished(summary) => assert_eq!(summary.finish_reason, FinishReason::Length),
        }
    }
    ended
}

/// Asks for an answer to each schema, and returns how many ended and how many were asked.
fn follow(engine: &Engine, asked: &[u32], schemas: &[Value], options: &GenerateOptions) -> (usize, usize) {
    let tokenizer = Arc::clone(engine.model().tokenizer().expect("it has one"));
    let vocabulary = Vocabulary::of(tokenizer).expect("it is no larger than allowed");
    let compiler = Compiler::new(vocabulary, Limits::default()).expect("it is no larger than allowed");
    let mut counts = (0, 0);
    for (number, schema) in schemas.iter().enumerate() {
        let whitespace = if number % 2 == 0 { Whitespace::Compact } else { Whitespace::Flexible };
        let grammar = Grammar::JsonSchema { schema: schema.to_string(), whitespace };
        let constraint = Some(Constrained::new(compiler.compile(&grammar).expect("the schema is right")));
        let options = GenerateOptions { constraint, seed: number as u64, ..options.clone() };
        let texts = ended(engine, asked, number, options);
        for text in &texts {
            schemas::check(schema, text).unwrap_or_else(|error| panic!("schema {number}: {error}"));
        }
        counts = (counts.0 + texts.len(), counts.1 + if number % 3 == 2 { 2 } else { 1 });
    }
    counts
}

#[test]
fn answers_to_every_schema_are_valid_with_drafts_and_several_at_once() {
    let engine = engine(&some_adapters()[0], &golden("arch/tiny-llama-q8_0.gguf"), &EngineOptions::default());
    let asked = prompt(1, 20, engine.model().spec.vocabulary);
    let step = if exhaustive() { 1 } else { 5 };
    let schemas: Vec<Value> = every_schema().into_iter().step_by(step).collect();
    let options = GenerateOptions {
        temperature: 1.0,
        max_tokens: Some(200),
        logit_bias: closing(&engine),
        ..GenerateOptions::default()
    };
    let (ended, asked_for) = follow(&engine, &asked, &schemas, &options);
    println!("{ended} of {asked_for} answers to {} schemas ended by themselves", schemas.len());
    assert!(ended * 10 >= asked_for * 8, "only {ended} of {asked_for} answers ended");
}

#[test]
#[ignore = "needs a real model, told by WGSLM_TEST_MODEL, and minutes"]
fn a_real_model_answers_every_schema() {
    let path = std::env::var_os("WGSLM_TEST_MODEL").expect("WGSLM_TEST_MODEL names a GGUF file");
    let options = EngineOptions { context_length: Some(512), ..EngineOptions::default() };
    let engine = load_file(&some_adapters()[0], Path::new(&path), &options).expect("it is a model");
    let schemas = every_schema();
    let question = "An example of a JSON value that the schema of a program accepts:\n";
    let asked = engine.model().tokenizer().expect("it has one").encode_prompt(question).expect("it is text");
    for temperature in [0.0, 1.0] {
        let options = GenerateOptions { temperature, max_tokens: Some(300), ..GenerateOptions::default() };
        let (ended, asked_for) = follow(&engine, &asked, &schemas, &options);
        println!(
            "temperature {temperature}: {ended} of {asked_for} answers to {} schemas ended by themselves",
            schemas.len()
        );
    }
}
