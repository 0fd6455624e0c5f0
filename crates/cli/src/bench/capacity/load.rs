//! The load of a plan: a trace, or requests that come at random.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, value_parser};
use rand::rngs::SmallRng;
use rand::{Rng as _, SeedableRng as _};
use serde::Deserialize;
use wgslm::engine::capacity::Arrival;

use crate::error::{Error, Result};

#[derive(Args, Debug)]
pub(super) struct LoadOptions {
    /// Requests a second, which come independently of each other (a Poisson process); several rates, separated by commas, are planned in turn
    #[arg(long, value_name = "RATE", value_delimiter = ',', default_value = "1", value_parser = rate)]
    pub(super) rate: Vec<f64>,
    /// The seconds in which requests come
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = value_parser!(u32).range(1..))]
    duration: u32,
    /// Tokens of a prompt
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = value_parser!(u32).range(1..))]
    prompt_tokens: u32,
    /// Tokens at the beginning of every prompt that the prefix cache holds
    #[arg(long, value_name = "N", default_value_t = 0)]
    cached_tokens: u32,
    /// Tokens of an answer
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = value_parser!(u32).range(1..))]
    answer_tokens: u32,
    /// The seed of the arrivals
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// A recorded load instead: JSON lines such as {"at_s": 1.5, "prompt_tokens": 200, "cached_tokens": 0, "answer_tokens": 100}
    #[arg(long, value_name = "FILE", conflicts_with = "rate")]
    trace: Option<PathBuf>,
}

/// A line of a trace.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TraceLine {
    at_s: f64,
    prompt_tokens: u32,
    #[serde(default)]
    cached_tokens: u32,
    answer_tokens: u32,
}

impl LoadOptions {
    /// The loads with their rates in requests a second.
    pub(super) fn loads(&self) -> Result<Vec<(f64, Vec<Arrival>)>> {
        if let Some(path) = &self.trace {
            let text = fs::read_to_string(path).map_err(Error::file(path))?;
            let load = parse(path, &text)?;
            let seconds = load.last().map_or(0.0, |last| last.at.as_secs_f64());
            return Ok(vec![(load.len() as f64 / seconds.max(1e-9), load)]);
        }
        Ok(self.rate.iter().map(|rate| (*rate, self.poisson(*rate))).collect())
    }

    /// Arrivals of a Poisson process: the gaps between them have an exponential distribution.
    fn poisson(&self, rate: f64) -> Vec<Arrival> {
        let mut random = SmallRng::seed_from_u64(self.seed);
        let mut at = 0.0;
        let mut load = Vec::new();
        loop {
            at -= (1.0 - random.random::<f64>()).ln() / rate;
            if at >= f64::from(self.duration) {
                return load;
            }
            load.push(Arrival {
                at: Duration::from_secs_f64(at),
                prompt_tokens: self.prompt_tokens,
                cached_tokens: self.cached_tokens,
                answer_tokens: self.answer_tokens,
            });
        }
    }
}

/// Parses the lines of a trace, in whatever order.
fn parse(path: &Path, text: &str) -> Result<Vec<Arrival>> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let mut load = Vec::new();
    for (index, line) in lines {
        let wrong =
            |reason: String| Error::Content { path: path.to_owned(), reason: format!("line {}: {reason}", index + 1) };
        let line: TraceLine = serde_json::from_str(line).map_err(|error| wrong(error.to_string()))?;
        let at = Duration::try_from_secs_f64(line.at_s)
            .map_err(|_| wrong("at_s should be a number of seconds from 0".to_owned()))?;
        if line.prompt_tokens == 0 || line.answer_tokens == 0 {
            return Err(wrong("prompt_tokens and answer_tokens should be at least 1".to_owned()));
        }
        let TraceLine { prompt_tokens, cached_tokens, answer_tokens, .. } = line;
        load.push(Arrival { at, prompt_tokens, cached_tokens, answer_tokens });
    }
    if load.is_empty() {
        return Err(Error::Content { path: path.to_owned(), reason: "there is no request in it".to_owned() });
    }
    load.sort_by_key(|arrival| arrival.at);
    Ok(load)
}

fn rate(text: &str) -> std::result::Result<f64, String> {
    let rate = text.parse().ok().filter(|rate: &f64| *rate > 0.0 && rate.is_finite());
    rate.ok_or_else(|| "it should be a number of requests a second above 0".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_come_at_the_rate_and_independently() {
        let options = LoadOptions {
            rate: vec![],
            duration: 1000,
            prompt_tokens: 9,
            cached_tokens: 2,
            answer_tokens: 3,
            seed: 7,
            trace: None,
        };
        let load = options.poisson(5.0);
        assert!((4750..5250).contains(&load.len()), "{} requests", load.len());
        let gaps: Vec<f64> = load.windows(2).map(|pair| (pair[1].at - pair[0].at).as_secs_f64()).collect();
        let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
        let variance = gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / gaps.len() as f64;
        // Of an exponential distribution, the deviation is the mean.
        assert!((variance.sqrt() / mean - 1.0).abs() < 0.1, "{mean} {variance}");
        assert_eq!(load, options.poisson(5.0), "a seed has one load");
    }

    #[test]
    fn traces_are_read_and_errors_name_the_line() {
        let path = Path::new("trace.jsonl");
        let good = "{\"at_s\": 2, \"prompt_tokens\": 5, \"answer_tokens\": 1}\n\n{\"at_s\": 0.5, \"prompt_tokens\": 7, \"cached_tokens\": 3, \"answer_tokens\": 2}";
        let load = parse(path, good).unwrap();
        assert_eq!(
            load.iter().map(|arrival| (arrival.prompt_tokens, arrival.cached_tokens)).collect::<Vec<_>>(),
            [(7, 3), (5, 0)]
        );
        for (text, part) in [
            ("", "no request"),
            ("{\"at_s\": -1, \"prompt_tokens\": 5, \"answer_tokens\": 1}", "line 1: at_s"),
            ("{\"at_s\": 1, \"prompt_tokens\": 0, \"answer_tokens\": 1}", "line 1: prompt_tokens"),
            ("{\"at\": 1, \"prompt_tokens\": 5, \"answer_tokens\": 1}", "line 1: unknown field"),
        ] {
            let error = parse(path, text).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
    }
}
