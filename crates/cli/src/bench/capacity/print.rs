//! What a plan says: latencies, rates and costs, as text and as JSON.

use std::io::Write;

use serde::Serialize;
use wgslm::engine::capacity::{Answered, Arrival, Prediction};

use super::super::figure::Quantiles;
use super::measure::CostsFile;
use crate::error::Result;

/// What became of a load.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Outcome {
    /// Requests a second that came.
    rate: f64,
    requests: usize,
    refused: usize,
    /// Answers a second.
    answers_per_s: f64,
    /// Tokens of answers a second.
    tokens_per_s: f64,
    ttft_ms: Quantiles,
    end_to_end_ms: Quantiles,
    most_replicas: u32,
    replica_hours: f64,
    /// The cost of an answer at the price that was given.
    cost: Option<f64>,
}

#[derive(Serialize)]
pub(super) struct Verified<'a> {
    pub(super) predicted: &'a Outcome,
    pub(super) seen: &'a Outcome,
}

#[derive(Serialize)]
pub(super) struct Report<'a> {
    pub(super) costs: &'a CostsFile,
    pub(super) planned: &'a [Outcome],
    pub(super) verified: Vec<Verified<'a>>,
}

impl Outcome {
    pub(super) fn of(rate: f64, load: &[Arrival], prediction: &Prediction, price: Option<f64>) -> Self {
        let Prediction { answered, refused, .. } = prediction;
        let ms = |time: fn(&Answered) -> std::time::Duration| {
            Quantiles::of(answered.iter().map(|answer| time(answer).as_secs_f64() * 1e3).collect())
        };
        let seconds = prediction.end.as_secs_f64().max(1e-9);
        let tokens: u32 = answered.iter().map(|answer| load[answer.index].answer_tokens).sum();
        let replica_hours = prediction.replica_time.as_secs_f64() / 3600.0;
        Self {
            rate,
            requests: load.len(),
            refused: *refused,
            answers_per_s: answered.len() as f64 / seconds,
            tokens_per_s: f64::from(tokens) / seconds,
            ttft_ms: ms(|answer| answer.first_token),
            end_to_end_ms: ms(|answer| answer.end_to_end),
            most_replicas: prediction.most_replicas,
            replica_hours,
            cost: price.filter(|_| !answered.is_empty()).map(|price| price * replica_hours / answered.len() as f64),
        }
    }

    /// The quantities that a prediction is held to, with their values in it and in a real run.
    pub(super) fn compared(&self, seen: &Self) -> [(&'static str, f64, f64); 3] {
        [
            ("answers a second", self.answers_per_s, seen.answers_per_s),
            ("the median time of a whole answer", self.end_to_end_ms.p50, seen.end_to_end_ms.p50),
            ("the time of a whole answer at p95", self.end_to_end_ms.p95, seen.end_to_end_ms.p95),
        ]
    }
}

pub(super) fn report(
    output: &mut impl Write,
    costs: &CostsFile,
    planned: &[Outcome],
    verified: &[(Outcome, Outcome)],
) -> Result<()> {
    writeln!(output, "{} on {}", costs.model, costs.device)?;
    writeln!(output, "\nplanned")?;
    head(output)?;
    planned.iter().try_for_each(|outcome| line(output, outcome))?;
    for (predicted, seen) in verified {
        writeln!(output, "\none replica at {} requests/s: predicted, then seen", predicted.rate)?;
        head(output)?;
        line(output, predicted)?;
        line(output, seen)?;
        for (what, predicted, seen) in predicted.compared(seen) {
            writeln!(output, "  {what}: {:+.1} %", 100.0 * (predicted / seen - 1.0))?;
        }
    }
    Ok(())
}

fn head(output: &mut impl Write) -> Result<()> {
    let (first, whole) = ("first token, ms p50/p95/p99", "whole answer, ms p50/p95/p99");
    writeln!(
        output,
        "{:>10} {:>8} {:>8} {:>9} {:>9}  {first:>28}  {whole:>28} {:>8} {:>8} {:>10}",
        "requests/s", "requests", "refused", "answers/s", "tokens/s", "replicas", "hours", "an answer"
    )?;
    Ok(())
}

fn line(output: &mut impl Write, outcome: &Outcome) -> Result<()> {
    let quantiles = |Quantiles { p50, p95, p99 }: Quantiles| format!("{p50:.1} / {p95:.1} / {p99:.1}");
    let cost = outcome.cost.map_or_else(|| "-".to_owned(), |cost| format!("{cost:.6}"));
    writeln!(
        output,
        "{:>10.2} {:>8} {:>8} {:>9.2} {:>9.0}  {:>28}  {:>28} {:>8} {:>8.3} {cost:>10}",
        outcome.rate,
        outcome.requests,
        outcome.refused,
        outcome.answers_per_s,
        outcome.tokens_per_s,
        quantiles(outcome.ttft_ms),
        quantiles(outcome.end_to_end_ms),
        outcome.most_replicas,
        outcome.replica_hours,
    )?;
    Ok(())
}
