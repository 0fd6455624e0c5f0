//! Tests of the beginning, the running ahead and the end of generations.

use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use wgslm::Error;
use wgslm::engine::{Engine, EngineOptions, FinishReason, GenerateOptions, GenerationEvent, Prompt};
use wgslm_testing::golden;

use crate::adapters::{adapters, as_on, open};
use crate::setup::{engine, finish, generate, logits};

const MODEL: &str = "arch/tiny-llama-q8_0.gguf";
const PROMPT: [u32; 5] = [171, 206, 5, 206, 120];

fn tiny_engine(context_length: u32) -> Option<Engine> {
    let options = EngineOptions { context_length: Some(context_length), ..EngineOptions::default() };
    Some(engine(adapters().first()?, &golden(MODEL), &options))
}

fn tokens_of(engine: &Engine, options: GenerateOptions) -> Vec<u32> {
    generate(engine, &PROMPT, options).expect("the model runs").0
}

fn up_to(tokens: u32) -> GenerateOptions {
    GenerateOptions { max_tokens: Some(tokens), ..GenerateOptions::default() }
}

#[test]
fn tokens_in_flight_do_not_change_the_tokens() {
    let Some(engine) = tiny_engine(200) else { return };
    for temperature in [0.0, 0.9] {
        let run = |tokens_in_flight| {
            tokens_of(&engine, GenerateOptions { temperature, seed: 5, tokens_in_flight, ..up_to(40) })
        };
        let one = run(1);
        assert!(one.len() > 10, "{one:?}");
        for in_flight in [2, 4, 16] {
            assert_eq!(run(in_flight), one, "{in_flight} in flight at temperature {temperature}");
        }
    }
}

#[test]
fn every_phase_of_a_text_is_timed() {
    let Some(device) = adapters().first() else { return };
    let batching_window = Duration::from_millis(3);
    let engine = engine(device, &golden(MODEL), &EngineOptions { batching_window, ..EngineOptions::default() });
    let mut generation = engine.generate_from(&Prompt::Text("abc".to_owned()), up_to(3)).expect("there is room");
    let timeline = finish(&mut generation).expect("the model runs").2.timeline;
    let moments = [
        Some(timeline.arrived),
        timeline.tokenised,
        timeline.window_closed,
        timeline.admitted,
        timeline.prefill_began,
        timeline.prefill_ended,
        timeline.first_token,
        timeline.last_token,
        timeline.ended,
    ];
    assert!(moments.iter().all(Option::is_some) && moments.is_sorted(), "{timeline:?}");
    // The window is that of the request that came first, by the time at which it had become tokens.
    assert!(timeline.window() > Some(batching_window / 2), "{timeline:?}");
}

#[test]
fn a_seed_decides_what_is_drawn() {
    let Some(engine) = tiny_engine(200) else { return };
    let run = |seed, temperature| tokens_of(&engine, GenerateOptions { temperature, seed, ..up_to(24) });
    assert_eq!(run(1, 1.0), run(1, 1.0));
    assert_ne!(run(1, 1.0), run(2, 1.0));
    assert_ne!(run(1, 1.0), run(1 << 40, 1.0), "the upper half of a seed counts");
    assert_ne!(run(1, 1.0), run(1, 0.0));
    assert_eq!(run(1, 1e-6), run(2, 0.0), "next to no temperature is none");
}

#[test]
fn truncation_narrows_what_is_drawn_and_nothing_else() {
    let Some(engine) = tiny_engine(200) else { return };
    let hot = GenerateOptions { temperature: 2.0, seed: 3, ..up_to(24) };
    let run = |options: GenerateOptions| tokens_of(&engine, options);
    let (greedy, free) = (run(up_to(24)), run(hot.clone()));
    assert_ne!(greedy, free);
    for narrow in [
        GenerateOptions { top_k: 1, ..hot.clone() },
        GenerateOptions { top_p: 1e-6, ..hot.clone() },
        GenerateOptions { min_p: 1.0, ..hot.clone() },
        GenerateOptions { top_k: 3, temperature: 0.0, ..hot.clone() },
    ] {
        assert_eq!(run(narrow.clone()), greedy, "{narrow:?}");
    }
    assert_eq!(run(GenerateOptions { top_k: 320, top_p: 1.0, min_p: 0.0, ..hot.clone() }), free, "all of it is wide");
    // A generation without truncation gives the same beside one with truncation as alone.
    let mut beside = engine.generate(&PROMPT, GenerateOptions { top_k: 2, ..hot.clone() }).expect("a slot is free");
    assert!(matches!(pollster::block_on(beside.next()), Ok(Some(GenerationEvent::Token { .. }))));
    assert_eq!(run(hot), free);
}

#[test]
fn a_full_context_is_an_end() {
    let Some(engine) = tiny_engine(12) else { return };
    let stop_free = GenerateOptions { temperature: 0.0, ..GenerateOptions::default() };
    let (tokens, _, summary) = generate(&engine, &PROMPT, stop_free.clone()).expect("the model runs");
    assert_eq!((tokens.len(), summary.finish_reason), (7, FinishReason::Context));
    let (tokens, _, summary) = generate(&engine, &[7; 12], stop_free.clone()).expect("the prompt fits exactly");
    assert_eq!((tokens.len(), summary.finish_reason), (0, FinishReason::Context));
    let error = generate(&engine, &[7; 13], stop_free).expect_err("the prompt is too long");
    assert!(matches!(error, Error::PromptTooLong { tokens: 13, capacity: 12 }), "{error}");
}

#[test]
fn length_and_stop_strings_end_a_generation() {
    let Some(engine) = tiny_engine(200) else { return };
    // Sampled, since the tiny model's most likely tokens repeat and have no text.
    let up_to = |tokens| GenerateOptions { temperature: 3.0, seed: 2, ..up_to(tokens) };
    let (tokens, text, summary) = generate(&engine, &PROMPT, up_to(20)).expect("the model runs");
    assert_eq!((tokens.len(), summary.finish_reason), (20, FinishReason::Length));
    assert_eq!((summary.prompt_tokens, summary.tokens), (5, 20));
    assert!(summary.timings.ttft_ms > 0.0 && summary.timings.decode_tokens_per_s > 0.0);
    let (tokens, none, summary) = generate(&engine, &PROMPT, up_to(0)).expect("nothing is asked for");
    assert_eq!((tokens.len(), none.as_str(), summary.finish_reason), (0, "", FinishReason::Length));

    let characters: Vec<char> = text.chars().collect();
    let stop: String = characters[4..7].iter().collect();
    let before = &text[..text.find(&stop).expect("it was taken from there")];
    let options = GenerateOptions { stop: vec!["never so".to_owned(), stop.clone()], ..up_to(20) };
    let (tokens, stopped, summary) = generate(&engine, &PROMPT, options).expect("the model runs");
    assert_eq!((stopped.as_str(), summary.finish_reason), (before, FinishReason::Stop), "{stop:?} in {text:?}");
    assert!(tokens.len() < 20);
}

#[test]
fn generations_side_by_side_do_not_mix() {
    let Some(engine) = tiny_engine(200) else { return };
    let alone =
        [PROMPT.to_vec(), vec![9, 8, 7]].map(|prompt| generate(&engine, &prompt, up_to(16)).expect("it runs").0);
    let mut first = engine.generate(&PROMPT, up_to(16)).expect("a slot is free");
    let mut second = engine.generate(&[9, 8, 7], up_to(16)).expect("a slot is free");
    let mut tokens = [Vec::new(), Vec::new()];
    for _ in 0..16 {
        for (generation, tokens) in [&mut first, &mut second].into_iter().zip(&mut tokens) {
            if let Some(GenerationEvent::Token { token, .. }) = pollster::block_on(generation.next()).expect("it runs")
            {
                tokens.push(token);
            }
        }
    }
    assert_eq!(tokens, alone);
}

#[test]
fn a_cancelled_generation_ends_and_gives_its_blocks_back() {
    let Some(engine) = tiny_engine(32) else { return };
    for _ in 0..20 {
        let mut generation = engine.generate(&PROMPT, GenerateOptions::default()).expect("the blocks came back");
        assert!(matches!(pollster::block_on(generation.next()), Ok(Some(GenerationEvent::Token { .. }))));
        generation.cancel();
        let Ok(Some(GenerationEvent::Finished(summary))) = pollster::block_on(generation.next()) else {
            panic!("a cancelled generation has a summary")
        };
        assert_eq!((summary.finish_reason, summary.tokens), (FinishReason::Cancelled, 1));
    }
}

#[test]
fn a_cancel_takes_effect_between_two_chunks_of_a_prompt() {
    let Some(device) = adapters().first() else { return };
    let engine_options =
        EngineOptions { context_length: Some(208), prefill_tokens: Some(1), ..EngineOptions::default() };
    let engine = engine(device, &golden(MODEL), &engine_options);
    let mut generation = engine.generate(&[7; 200], up_to(1)).expect("the prompt fits");
    let (canceller, both) = (generation.canceller(), Barrier::new(2));
    // The 200 chunks take far longer than the thread takes to cancel.
    let event = thread::scope(|scope| {
        scope.spawn(|| {
            both.wait();
            canceller.cancel();
        });
        both.wait();
        pollster::block_on(generation.next())
    });
    let Ok(Some(GenerationEvent::Finished(summary))) = event else { panic!("{event:?} came before the cancel") };
    assert_eq!((summary.finish_reason, summary.prompt_tokens, summary.tokens), (FinishReason::Cancelled, 200, 0));
    assert!(matches!(pollster::block_on(generation.next()), Ok(None)));
    // The driver goes on, and the memory comes back with its next plan.
    generate(&engine, &PROMPT, up_to(1)).expect("there are blocks left");
    assert_eq!((engine.memory().held_blocks, engine.memory().free_slots), (0, engine.slots() as usize));
}

#[test]
fn a_generation_beside_them_does_not_change_logits() {
    let Some(engine) = tiny_engine(200) else { return };
    let tokens: Vec<u32> = (0..50).collect();
    let alone = logits(&engine, &tokens);
    let options = GenerateOptions { temperature: 2.0, ..up_to(100) };
    // As many outputs as the logits have rows, so that each row would be overwritten.
    let mut generation = engine.generate(&[9; 50], options).expect("a slot is free");
    let mut beside = Vec::new();
    let each = |_: usize, row: &[f32]| {
        beside.extend_from_slice(row);
        pollster::block_on(generation.next()).map(|_| ())
    };
    pollster::block_on(engine.logits(&tokens, each)).expect("the model runs");
    assert!(beside == alone, "a step of the generation came between");
}

#[test]
fn what_cannot_be_run_is_refused() {
    let Some(engine) = tiny_engine(200) else { return };
    let default = GenerateOptions::default;
    for (prompt, options, code) in [
        (&[][..], default(), "empty-prompt"),
        (&[1, 320], default(), "unknown-token"),
        (&[1], GenerateOptions { temperature: -1.0, ..default() }, "invalid-option"),
        (&[1], GenerateOptions { temperature: f32::NAN, ..default() }, "invalid-option"),
        (&[1], GenerateOptions { top_p: -0.1, ..default() }, "invalid-option"),
        (&[1], GenerateOptions { top_p: 1.1, ..default() }, "invalid-option"),
        (&[1], GenerateOptions { top_p: f32::NAN, ..default() }, "invalid-option"),
        (&[1], GenerateOptions { min_p: -0.1, ..default() }, "invalid-option"),
        (&[1], GenerateOptions { min_p: 1.5, ..default() }, "invalid-option"),
        (&[1], GenerateOptions { min_p: f32::NAN, ..default() }, "invalid-option"),
        (&[1], GenerateOptions { tokens_in_flight: 0, ..default() }, "invalid-option"),
        (&[1], GenerateOptions { tokens_in_flight: 17, ..default() }, "invalid-option"),
    ] {
        assert_eq!(generate(&engine, prompt, options).expect_err("it is refused").code(), code, "{prompt:?}");
    }
}

#[test]
fn stop_tokens_can_be_ignored() {
    let Some(engine) = tiny_engine(200) else { return };
    // All tokens are equally likely, so that the seed decides alone, and the 44th token is EOS.
    let options = GenerateOptions { temperature: 1e6, ..up_to(60) };
    let run = |options| generate(&engine, &[1, 2], options).expect("the model runs");
    let (stopped, _, summary) = run(options.clone());
    assert_eq!((stopped.len(), summary.finish_reason), (44, FinishReason::Stop));
    let (ignored, _, summary) = run(GenerateOptions { ignore_stop: true, ..options });
    assert_eq!((ignored.len(), summary.finish_reason), (60, FinishReason::Length));
    assert_eq!(ignored[..44], stopped);
}

#[test]
fn a_step_is_timed_dispatch_by_dispatch_and_leaves_the_engine_as_it_was() {
    let Some(engine) = tiny_engine(200) else { return };
    if !engine.device().gpu().capabilities().timestamps {
        return;
    }
    let expected = tokens_of(&engine, up_to(5));
    let truncated = GenerateOptions { temperature: 1.0, top_k: 5, ..GenerateOptions::default() };
    for (options, stages) in [(GenerateOptions::default(), 0), (truncated, 4)] {
        for tokens in [1, 7] {
            let times = pollster::block_on(engine.profile(20, tokens, &options, 2)).expect("the device has timestamps");
            assert!(times.iter().all(|time| time.in_order_ns >= 0.0 && time.repeated_ns >= 0.0), "{times:?}");
            assert!(times.iter().any(|time| time.repeated_ns > 0.0), "{times:?}");
            assert_eq!(times.iter().filter(|time| time.kernel.starts_with("truncate")).count(), stages);
            if tokens == 1 {
                assert_eq!(times.len(), engine.dispatches_per_token(&options));
            }
        }
    }
    assert_eq!(tokens_of(&engine, up_to(5)), expected);
    let error =
        pollster::block_on(engine.profile(200, 1, &GenerateOptions::default(), 1)).expect_err("there is no room");
    assert_eq!(error.code(), "prompt-too-long");
}

#[test]
fn memory_is_counted_until_it_is_given_back() {
    let Some(device) = adapters().first() else { return };
    // A new device, since the count includes the models of other tests on a shared one.
    let device = open(&as_on(device));
    let (engine, gpu) = (engine(&device, &golden(MODEL), &EngineOptions::default()), device.gpu());
    let (bytes, peak) = (gpu.bytes(), gpu.peak_bytes());
    assert!(peak >= bytes && bytes > engine.weight_bytes() + engine.kv_bytes(), "{bytes} of {peak}");
    drop(engine);
    assert_eq!((gpu.bytes(), gpu.peak_bytes()), (0, peak));
}
