//! Tests of the assistant with a tiny model.

use std::sync::mpsc;
use std::thread::{self, Scope, ScopedJoinHandle};
use std::time::Duration;

use wgslm::engine::{EngineOptions, FinishReason, GenerateOptions, Prompt, Summary};
use wgslm_testing::golden;

use crate::assistant::{AskError, Assistant};

/// An assistant that answers one question at a time, while one more waits.
fn assistant() -> Assistant {
    let options = EngineOptions { slots: Some(1), queue: Some(1), ..EngineOptions::default() };
    Assistant::load(&golden("arch/tiny-llama-q8_0.gguf"), &options).expect("the tiny model loads")
}

fn question(number: u32) -> Prompt {
    Prompt::Tokens(vec![1, 2, 3 + number])
}

fn tokens(count: u32) -> GenerateOptions {
    GenerateOptions { max_tokens: Some(count), ignore_stop: true, ..GenerateOptions::default() }
}

/// An answer of so many tokens on a thread of its own, once its first token is there.
fn begun<'scope>(
    scope: &'scope Scope<'scope, '_>,
    assistant: &'scope Assistant,
    answer: u32,
) -> ScopedJoinHandle<'scope, Result<Summary, AskError>> {
    let (begun, running) = mpsc::channel();
    let asked =
        scope.spawn(move || assistant.ask(&question(0), tokens(answer), move |_| begun.send(()).unwrap_or_default()));
    running.recv().expect("the answer has begun");
    asked
}

#[test]
fn questions_too_many_are_told_when_to_come_back() {
    let assistant = assistant();
    thread::scope(|scope| {
        let assistant = &assistant;
        // Long enough that the others ask while it holds the slot.
        let first = begun(scope, assistant, 600);
        let others = [1, 2, 3].map(|number| scope.spawn(move || assistant.ask(&question(number), tokens(2), |_| {})));
        let others = others.map(|asked| asked.join().expect("no panic"));
        let answered = others.iter().filter(|other| other.is_ok()).count();
        let soon = |error: &AskError| matches!(error, AskError::Busy { retry_after } if *retry_after > Duration::ZERO);
        let refused = others.iter().filter(|other| other.as_ref().is_err_and(soon)).count();
        assert_eq!((answered, refused), (1, 2), "{others:?}");
        first.join().expect("no panic").expect("an answer");
    });
}

#[test]
fn the_end_waits_for_answers_under_way_and_takes_no_more() {
    let assistant = assistant();
    thread::scope(|scope| {
        let asked = begun(scope, &assistant, 100);
        assistant.stop();
        assert!(matches!(assistant.ask(&question(1), tokens(1), |_| {}), Err(AskError::Stopping)));
        let summary = asked.join().expect("no panic").expect("an answer");
        assert_eq!(summary.finish_reason, FinishReason::Length);
    });
}
