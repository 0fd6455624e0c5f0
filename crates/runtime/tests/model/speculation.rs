//! Tests that drafts never change an answer.

use wgslm::Error;
use wgslm::engine::{ContextFull, DraftModel, Engine, EngineOptions, GenerateOptions, Speculation};
use wgslm_testing::golden;

use crate::adapters::{laid_out, some_adapters};
use crate::setup::{engine, finish, generate, prompt};

/// A model of each way to keep what was read: everything, windows, and a state.
const MODELS: [&str; 3] = ["llama-q4_0", "gemma3", "lfm2"];

fn load(device: &wgslm::Device, name: &str) -> Engine {
    let options = EngineOptions { context_length: Some(256), ..EngineOptions::default() };
    engine(device, &golden(&format!("models/{name}.gguf")), &options)
}

/// Options of an answer, greedy or drawn.
fn options_of(temperature: f32, speculation: Speculation) -> GenerateOptions {
    let max_tokens = Some(60);
    GenerateOptions { max_tokens, temperature, seed: 5, ignore_stop: true, speculation, ..GenerateOptions::default() }
}

#[test]
fn drafts_leave_answers_as_they_are() {
    for device in some_adapters() {
        let device = laid_out(device, false);
        for name in MODELS {
            let target = load(&device, name);
            let vocabulary = target.model().spec.vocabulary;
            // A text that repeats itself, so that there is something to look up.
            let asked = prompt(3, 12, vocabulary).repeat(3);
            let same = Speculation::Model(DraftModel::new(load(&device, name)));
            let other = Speculation::Model(DraftModel::new(load(&device, "qwen3")));
            let (mut lookups, mut wrong) = (0, 0);
            for temperature in [0.0, 0.02, 0.9] {
                let (plain, text, _) =
                    generate(&target, &asked, options_of(temperature, Speculation::Off)).expect("it runs");
                for (kind, speculation) in
                    [("lookup", Speculation::Lookup), ("same", same.clone()), ("other", other.clone())]
                {
                    let what = format!("{name} at {temperature} with drafts of {kind}");
                    let (tokens, drafted, summary) =
                        generate(&target, &asked, options_of(temperature, speculation)).expect("it runs");
                    assert_eq!((&tokens, &drafted), (&plain, &text), "{what}");
                    let (tried, accepted) = (summary.timeline.drafted_tokens, summary.timeline.accepted_tokens);
                    println!("{what}: {accepted} of {tried}");
                    match kind {
                        "lookup" => lookups += accepted,
                        "same" => assert!(tried > 0 && accepted == tried, "{what}: {accepted} of {tried}"),
                        _ => wrong += tried - accepted,
                    }
                }
            }
            assert!(
                lookups > 0 && wrong > 0,
                "{name}: {lookups} drafts of lookup were right, {wrong} of another model wrong"
            );
            // Streams with drafts beside streams without.
            let kinds = [Speculation::Off, Speculation::Lookup, same, Speculation::Lookup, other, Speculation::Off];
            let prompts: Vec<_> = (0..6).map(|seed| prompt(seed, 9, vocabulary).repeat(3)).collect();
            let alone: Vec<_> = prompts
                .iter()
                .map(|asked| generate(&target, asked, options_of(0.0, Speculation::Off)).expect("it runs").0)
                .collect();
            let begin =
                |(asked, kind): (&Vec<u32>, &Speculation)| target.generate(asked, options_of(0.0, kind.clone()));
            let streams: Vec<_> = prompts.iter().zip(&kinds).map(begin).collect();
            for (stream, alone) in streams.into_iter().zip(&alone) {
                assert_eq!(finish(&mut stream.expect("there is room")).expect("it runs").0, *alone, "{name}");
            }
        }
    }
}

#[test]
fn drafts_go_on_where_a_context_slides() {
    let device = &some_adapters()[0];
    let options = EngineOptions { context_length: Some(96), ..EngineOptions::default() };
    let target = engine(device, &golden("models/llama-q4_0.gguf"), &options);
    let asked = prompt(3, 12, target.model().spec.vocabulary).repeat(3);
    let answer = |speculation| {
        let context_full = ContextFull::Slide { keep: 4 };
        let options = GenerateOptions { max_tokens: Some(150), context_full, ..options_of(0.0, speculation) };
        generate(&target, &asked, options).expect("it runs")
    };
    let (plain, ..) = answer(Speculation::Off);
    let (tokens, _, summary) = answer(Speculation::Lookup);
    assert_eq!((plain.len(), &tokens), (150, &plain));
    assert!(summary.timeline.accepted_tokens > 50, "{summary:?}");
}

#[test]
fn a_draft_model_with_other_tokens_is_refused() {
    let device = &some_adapters()[0];
    let target = load(device, "llama-q4_0");
    let refused = |draft: Engine| {
        let speculation = Speculation::Model(DraftModel::new(draft));
        let error = target.generate(&[1, 2], options_of(0.0, speculation)).err();
        assert!(matches!(&error, Some(Error::InvalidOption { option, .. }) if option == "draft model"), "{error:?}");
    };
    refused(target.clone());
    refused(engine(device, &golden("models/bert-mean.gguf"), &EngineOptions::default()));
}
