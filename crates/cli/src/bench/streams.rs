//! Streams side by side: their rates, latencies and steps, and the tokens that a cached prefix saves them.

use std::future::{Future as _, poll_fn};
use std::pin::pin;
use std::task::{Context, Poll};
use std::time::Instant;

use serde::Serialize;
use wgslm::engine::{Engine, Generation, GenerationEvent, Summary};

use super::figure::{Figure, Quantiles};
use super::measure::{Bench, SHORT_PROMPT};
use crate::error::Result;

/// The measurements of a number of streams at a time.
#[derive(Serialize)]
pub(super) struct StreamsReport {
    pub(super) streams: u32,
    /// Tokens a second in all, while all streams answer; absent where they never did so together, as for the figures of steps.
    pub(super) tokens_per_s: Option<Figure>,
    /// The median of `tokens_per_s` for one of the streams.
    pub(super) stream_tokens_per_s: Option<f64>,
    /// The rate of all streams by that of a single one, where that was measured.
    pub(super) speedup: Option<f64>,
    pub(super) ttft_ms: Quantiles,
    pub(super) itl_ms: Quantiles,
    /// The mean number of tokens in a step (the batch size).
    pub(super) step_tokens: Option<f64>,
    /// The time of a step.
    pub(super) step_ms: Option<Figure>,
    /// The time of a step by that of a step of a single stream, where that was measured.
    pub(super) step_cost: Option<f64>,
    /// The share of prompts of which the prefix cache held something.
    pub(super) prefix_hit_rate: f64,
    /// The mean number of tokens of a prompt that the prefix cache held.
    pub(super) saved_tokens: f64,
}

/// Measures each number of streams, and compares them with a single one.
pub(super) async fn measure(bench: &Bench<'_>, numbers: &[u32]) -> Result<Vec<StreamsReport>> {
    let mut reports = Vec::new();
    for streams in numbers {
        reports.push(side_by_side(bench, *streams).await?);
    }
    compare(&mut reports);
    Ok(reports)
}

fn compare(reports: &mut [StreamsReport]) {
    let median = |figure: &Option<Figure>| figure.as_ref().map(|figure| figure.median);
    let Some(single) = reports.iter().find(|report| report.streams == 1) else { return };
    let (rate, step) = (median(&single.tokens_per_s), median(&single.step_ms));
    let ratio = |value: Option<f64>, base: Option<f64>| Some(value? / base.filter(|base| *base > 0.0)?);
    for report in reports {
        report.speedup = ratio(median(&report.tokens_per_s), rate);
        report.step_cost = ratio(median(&report.step_ms), step);
    }
}

/// Measures `streams` streams at a time.
async fn side_by_side(bench: &Bench<'_>, streams: u32) -> Result<StreamsReport> {
    let arguments = bench.arguments;
    let shared = bench.prompt(arguments.shared_prefix.unwrap_or(0), bench.seeds(1));
    let mut runs = Vec::new();
    for _ in 0..arguments.repeat {
        if !shared.is_empty() && !arguments.room.no_prefix_cache {
            bench.answer(&shared, 1).await?;
        }
        let seeds = bench.seeds(streams);
        let own = (seeds..seeds + streams).map(|seed| bench.prompt(SHORT_PROMPT, seed));
        let prompts = own.map(|own| [&shared[..], &own].concat());
        runs.push(run(bench, prompts).await?);
    }
    let figure = |samples: Vec<f64>| (!samples.is_empty()).then(|| Figure::new(samples));
    let together = || runs.iter().filter_map(|run| run.together.as_ref());
    let tokens_per_s = figure(together().map(Together::tokens_per_s).collect());
    let stepping = || together().filter(|together| together.steps > 0);
    let step_ms = stepping().map(|together| together.seconds * 1e3 / together.steps as f64).collect();
    let steps: u64 = stepping().map(|together| together.steps).sum();
    let rows: f64 = stepping().map(|together| together.step_tokens).sum();
    let answered = || runs.iter().flat_map(|run| &run.summaries);
    let number = answered().count().max(1) as f64;
    Ok(StreamsReport {
        streams,
        stream_tokens_per_s: tokens_per_s.as_ref().map(|figure| figure.median / f64::from(streams)),
        tokens_per_s,
        speedup: None,
        ttft_ms: Quantiles::of(answered().map(|summary| summary.timings.ttft_ms).collect()),
        itl_ms: Quantiles::of(runs.iter().flat_map(|run| run.itl_ms.iter().copied()).collect()),
        step_tokens: (steps > 0).then(|| rows / steps as f64),
        step_ms: figure(step_ms),
        step_cost: None,
        prefix_hit_rate: answered().filter(|summary| summary.cached_tokens > 0).count() as f64 / number,
        saved_tokens: answered().map(|summary| summary.cached_tokens as f64).sum::<f64>() / number,
    })
}

/// One run of several streams.
pub(super) struct Run {
    together: Option<Together>,
    itl_ms: Vec<f64>,
    summaries: Vec<Summary>,
}

impl Run {
    /// Tokens a second in all, while all streams answer. Where they never did so together: the sum of their own rates.
    pub(super) fn tokens_per_s(&self) -> f64 {
        let own = || self.summaries.iter().map(|summary| summary.timings.decode_tokens_per_s).sum();
        self.together.as_ref().map_or_else(own, Together::tokens_per_s)
    }

    /// The seconds of a step in which all streams answered, where there was one.
    pub(super) fn step_seconds(&self) -> Option<f64> {
        let together = self.together.as_ref().filter(|together| together.steps > 0)?;
        Some(together.seconds / together.steps as f64)
    }
}

/// The time in which all streams of a run answer: from the first token of the last to begin to the last token of the first to end.
struct Together {
    seconds: f64,
    /// Tokens of answers.
    tokens: usize,
    steps: u64,
    /// Tokens in all steps.
    step_tokens: f64,
}

impl Together {
    fn tokens_per_s(&self) -> f64 {
        self.tokens as f64 / self.seconds
    }
}

/// The counts of a run at a moment.
struct Moment {
    at: Instant,
    tokens: usize,
    steps: u64,
    step_tokens: f64,
}

impl Moment {
    fn now(engine: &Engine, streams: &[Stream]) -> Self {
        let at = Instant::now();
        let rows = engine.metrics().step_rows;
        let tokens = streams.iter().map(|stream| stream.times.len()).sum();
        Self { at, tokens, steps: rows.count, step_tokens: rows.sum }
    }

    /// The counts since an earlier moment; `None` where that isn't earlier, or nothing came since.
    fn since(&self, earlier: &Self) -> Option<Together> {
        let tokens = self.tokens.checked_sub(earlier.tokens).filter(|tokens| *tokens > 0)?;
        let steps = self.steps.checked_sub(earlier.steps)?;
        let seconds = self.at.saturating_duration_since(earlier.at).as_secs_f64().max(1e-9);
        Some(Together { seconds, tokens, steps, step_tokens: self.step_tokens - earlier.step_tokens })
    }
}

/// Runs a stream for each prompt, side by side.
pub(super) async fn run(bench: &Bench<'_>, prompts: impl Iterator<Item = Vec<u32>>) -> Result<Run> {
    let tokens = 1 + bench.arguments.gen_tokens;
    let generations = prompts.map(|prompt| bench.generation(&prompt, tokens)).collect::<Result<_>>()?;
    run_all(bench.engine, generations, tokens).await
}

/// Runs generations of `tokens` tokens to their ends, side by side.
pub(super) async fn run_all(engine: &Engine, generations: Vec<Generation>, tokens: u32) -> Result<Run> {
    let stream = |generation| Stream { generation, times: Vec::new(), summary: None };
    let mut streams: Vec<_> = generations.into_iter().map(stream).collect();
    let (mut all_began, mut one_ended) = (None, None);
    while streams.iter().any(|stream| stream.summary.is_none()) {
        advance(&mut streams).await?;
        if all_began.is_none() && streams.iter().all(|stream| !stream.times.is_empty()) {
            all_began = Some(Moment::now(engine, &streams));
        }
        if one_ended.is_none() && streams.iter().any(|stream| stream.times.len() == tokens as usize) {
            one_ended = Some(Moment::now(engine, &streams));
        }
    }
    let gaps = |times: &[Instant]| -> Vec<f64> {
        times.windows(2).map(|pair| pair[1].duration_since(pair[0]).as_secs_f64() * 1e3).collect()
    };
    Ok(Run {
        together: all_began.zip(one_ended).and_then(|(began, ended)| ended.since(&began)),
        itl_ms: streams.iter().flat_map(|stream| gaps(&stream.times)).collect(),
        summaries: streams.into_iter().filter_map(|stream| stream.summary).collect(),
    })
}

/// A stream under way.
struct Stream {
    generation: Generation,
    /// The times at which its tokens came.
    times: Vec<Instant>,
    summary: Option<Summary>,
}

impl Stream {
    /// Takes the events that are there; true if there were any.
    fn take(&mut self, at: Instant, context: &mut Context<'_>) -> Result<bool> {
        let mut any = false;
        while self.summary.is_none() {
            let Poll::Ready(event) = pin!(self.generation.next()).poll(context) else { break };
            match event? {
                Some(GenerationEvent::Token { .. }) => self.times.push(at),
                Some(GenerationEvent::Finished(summary)) => self.summary = Some(summary),
                None => unreachable!("the summary comes before the end"),
            }
            any = true;
        }
        Ok(any)
    }
}

/// Waits for the next events of any streams, and takes all that are there. Those of a step come together.
async fn advance(streams: &mut [Stream]) -> Result<()> {
    poll_fn(|context| {
        let at = Instant::now();
        let mut any = false;
        for stream in &mut *streams {
            match stream.take(at, context) {
                Ok(taken) => any |= taken,
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
        if any { Poll::Ready(Ok(())) } else { Poll::Pending }
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_compared_with_a_single_one_wherever_it_was_measured() {
        let report = |streams: u32, rate: f64, step: f64| {
            let all_equal = Quantiles::of(vec![1.0]);
            StreamsReport {
                streams,
                tokens_per_s: Some(Figure::new(vec![rate])),
                stream_tokens_per_s: Some(rate / f64::from(streams)),
                speedup: None,
                ttft_ms: all_equal,
                itl_ms: all_equal,
                step_tokens: None,
                step_ms: Some(Figure::new(vec![step])),
                step_cost: None,
                prefix_hit_rate: 0.0,
                saved_tokens: 0.0,
            }
        };
        let ratios = |mut reports: Vec<StreamsReport>| {
            compare(&mut reports);
            reports.iter().map(|report| report.speedup.zip(report.step_cost)).collect::<Vec<_>>()
        };
        let (four, one) = ((4, 300.0, 20.0), (1, 100.0, 10.0));
        let made = |all: &[(u32, f64, f64)]| all.iter().map(|(n, rate, step)| report(*n, *rate, *step)).collect();
        assert_eq!(ratios(made(&[four, one])), [Some((3.0, 2.0)), Some((1.0, 1.0))]);
        assert_eq!(ratios(made(&[four])), [None]);
    }

    #[test]
    fn only_the_time_in_which_all_streams_answer_counts() {
        let at = Instant::now();
        let moment = |tokens, steps, step_tokens| Moment { at, tokens, steps, step_tokens };
        let (early, late) = (moment(4, 2, 70.0), moment(20, 6, 86.0));
        let together = late.since(&early).expect("tokens came between");
        assert_eq!((together.tokens, together.steps, together.step_tokens), (16, 4, 16.0));
        assert!(early.since(&late).is_none(), "a stream ended before another began");
        assert!(early.since(&early).is_none(), "no token came");
    }
}
