//! A load replayed through the engine itself, in real time.

use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use wgslm::engine::capacity::{Answered, Arrival, Prediction};
use wgslm::engine::{Engine, GenerateOptions, GenerationEvent};

use super::super::measure::{alone, tokens};
use crate::error::{Error, Result};

/// The seed of the tokens that cached prompts begin with.
const SHARED: u32 = u32::MAX;

/// Replays a load, with a thread for each request that is under way.
pub(super) fn run(engine: &Engine, load: &[Arrival]) -> Result<Prediction> {
    warm(engine, load)?;
    let began = Instant::now();
    let seen = Mutex::new(Prediction { most_replicas: 1, ..Prediction::default() });
    let results = thread::scope(|scope| {
        let mut answers = Vec::new();
        for (index, arrival) in load.iter().enumerate() {
            thread::sleep((began + arrival.at).saturating_duration_since(Instant::now()));
            answers.push(scope.spawn({
                let seen = &seen;
                move || pollster::block_on(answer(engine, index, arrival, began, seen))
            }));
        }
        answers
            .into_iter()
            .map(|answer| answer.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect::<Result<Vec<()>>>()
    });
    results?;
    let mut seen = seen.into_inner().unwrap_or_else(PoisonError::into_inner);
    seen.end = began.elapsed();
    seen.replica_time = seen.end;
    Ok(seen)
}

/// Leaves in the prefix cache what the load says that it holds.
fn warm(engine: &Engine, load: &[Arrival]) -> Result<()> {
    let longest = load.iter().map(|arrival| arrival.cached_tokens).max().unwrap_or(0);
    if longest == 0 {
        return Ok(());
    }
    let prompt = tokens(longest, engine.model().spec.vocabulary, SHARED);
    let mut generation =
        engine.generate(&prompt, GenerateOptions { max_tokens: Some(1), ..GenerateOptions::default() })?;
    pollster::block_on(async {
        while generation.next().await?.is_some() {}
        Ok(())
    })
}

async fn answer(
    engine: &Engine,
    index: usize,
    arrival: &Arrival,
    began: Instant,
    seen: &Mutex<Prediction>,
) -> Result<()> {
    let since = || began.elapsed().saturating_sub(arrival.at);
    let lock = || seen.lock().unwrap_or_else(PoisonError::into_inner);
    let vocabulary = engine.model().spec.vocabulary;
    let mut prompt = tokens(arrival.cached_tokens.min(arrival.prompt_tokens - 1), vocabulary, SHARED);
    prompt.extend(tokens(arrival.prompt_tokens - prompt.len() as u32, vocabulary, index as u32));
    let options = alone(arrival.answer_tokens, GenerateOptions::default());
    let mut generation = match engine.generate(&prompt, options) {
        Ok(generation) => generation,
        Err(wgslm::Error::Busy { .. }) => {
            lock().refused += 1;
            return Ok(());
        }
        Err(error) => return Err(error.into()),
    };
    let mut first_token: Option<Duration> = None;
    while let Some(event) = generation.next().await? {
        if matches!(event, GenerationEvent::Token { .. }) {
            first_token.get_or_insert_with(since);
        }
    }
    let first_token = first_token.ok_or_else(|| Error::from(wgslm::Error::EmptyPrompt))?;
    lock().answered.push(Answered { index, first_token, end_to_end: since() });
    Ok(())
}
