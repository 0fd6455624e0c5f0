//! The costs of a device's steps, measured through the engine.

use std::fs::File;
use std::path::Path;
use std::thread;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use wgslm::engine::capacity::{Line, StepCosts};
use wgslm::engine::{Engine, GenerateOptions, Generation, GenerationEvent};

use super::super::figure::Figure;
use super::super::measure::{alone, tokens};
use super::super::streams;
use crate::error::{Error, Result};

/// Rows of the steps of few rows that are timed.
const FEW_ROWS: [u32; 6] = [1, 2, 4, 8, 16, 32];
/// Tokens of an answer whose steps are timed.
const ANSWER: u32 = 32;
/// The pause after which a device is taken to sleep.
const PAUSE: Duration = Duration::from_millis(50);
/// Tokens of the prompts before short answers.
const SHORT: u32 = 8;

/// The costs of steps as a file has them, in ms.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CostsFile {
    /// The file of the model.
    pub(super) model: String,
    /// The device that the steps ran on.
    pub(super) device: String,
    /// Rows and ms of steps that decode.
    few: Vec<(u32, f64)>,
    /// ms more for each token that a row of them attends to.
    few_per_attended: f64,
    /// Rows and ms of steps that read prompts.
    bulk: Vec<(u32, f64)>,
    bulk_per_attended: f64,
    readback: f64,
    wake: f64,
}

impl CostsFile {
    pub(super) fn read(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(Error::file(path))?;
        let costs: Self = serde_json::from_reader(file)
            .map_err(|error| Error::Content { path: path.to_owned(), reason: error.to_string() })?;
        if costs.few.is_empty() || costs.bulk.is_empty() {
            return Err(Error::Content { path: path.to_owned(), reason: "few and bulk need a point each".to_owned() });
        }
        Ok(costs)
    }

    pub(super) fn write(&self, path: &Path) -> Result<()> {
        let file = File::create(path).map_err(Error::file(path))?;
        Ok(serde_json::to_writer_pretty(file, self)?)
    }

    /// The costs in the engine's units.
    pub(super) fn costs(&self) -> StepCosts {
        let line = |points: &[(u32, f64)], slope: f64| {
            Line::new(points.iter().map(|(rows, ms)| (*rows, ms / 1e3)).collect(), slope / 1e3)
        };
        StepCosts {
            few: line(&self.few, self.few_per_attended),
            bulk: line(&self.bulk, self.bulk_per_attended),
            readback: self.readback / 1e3,
            wake: self.wake / 1e3,
        }
    }
}

/// Measures the costs of an engine's steps, each as the median of `repeat` runs.
pub(super) struct Measurement<'a> {
    pub(super) engine: &'a Engine,
    pub(super) repeat: u32,
    /// Prompts so far; each has a seed of its own, so that no cache holds it.
    pub(super) prompts: u32,
}

impl Measurement<'_> {
    pub(super) async fn run(mut self, model: String) -> Result<CostsFile> {
        let engine = self.engine;
        let context = engine.context_length();
        let slots = engine.slots();
        // What is allocated and compiled when it is first used.
        self.first_token(SHORT.min(context - 1)).await?;
        let far = (context / 2).clamp(1, 1024);
        let near = SHORT.min(far);
        let answer = ANSWER.min(context - far);
        let mut few = Vec::new();
        for rows in FEW_ROWS.into_iter().filter(|rows| *rows <= slots) {
            few.push((rows, self.step(rows, near, answer).await?));
        }
        let (rows, seconds) = *few.last().expect("an engine has a slot");
        let attended = |prompt: u32| f64::from(rows) * f64::from(prompt + answer / 2);
        let slope = |more: f64, tokens: f64| (more / tokens.max(1.0)).max(0.0);
        let few_per_attended = if far > near {
            slope(self.step(rows, far, answer).await? - seconds, attended(far) - attended(near))
        } else {
            0.0
        };
        few.iter_mut().for_each(|(rows, ms)| *ms -= few_per_attended * f64::from(*rows) * f64::from(near + answer / 2));
        let readback = (self.first_token(1).await? - few[0].1).max(0.0);
        let wake = (self.first_token_after(PAUSE, near).await? - self.first_token(near).await?).max(0.0);
        let chunk = engine.prefill_tokens().min(context - 1);
        let mut bulk = Vec::new();
        for rows in [33, 64, 128, 256, 512, 1024, 2048].into_iter().filter(|rows| *rows < chunk).chain([chunk]) {
            bulk.push((rows, (self.first_token(rows).await? - readback).max(0.0)));
        }
        // A chunk after another attends to that one too, in every row.
        let (rows, last) = bulk[bulk.len() - 1];
        let bulk_per_attended = if 2 * chunk < context {
            let both = self.first_token(2 * chunk).await? - readback;
            slope(both - 2.0 * last, f64::from(rows) * f64::from(rows))
        } else {
            0.0
        };
        bulk.iter_mut().for_each(|(rows, ms)| *ms -= bulk_per_attended * f64::from(*rows) * f64::from(*rows / 2));
        let device = engine.device().adapter().name.clone();
        Ok(CostsFile { model, device, few, few_per_attended, bulk, bulk_per_attended, readback, wake })
    }

    /// The ms of a step in which `streams` streams go on after prompts of `prompt` tokens.
    async fn step(&mut self, streams: u32, prompt: u32, answer: u32) -> Result<f64> {
        let mut samples = Vec::new();
        for _ in 0..self.repeat {
            let generations = (0..streams).map(|_| self.generation(prompt, answer)).collect::<Result<_>>()?;
            let run = streams::run_all(self.engine, generations, answer).await?;
            samples.extend(run.step_seconds().map(|seconds| seconds * 1e3));
        }
        Ok(Figure::new(samples).median)
    }

    /// The ms to the first token after a prompt.
    async fn first_token(&mut self, prompt: u32) -> Result<f64> {
        self.first_token_after(Duration::ZERO, prompt).await
    }

    /// The ms to the first token after a prompt that comes after a pause.
    async fn first_token_after(&mut self, pause: Duration, prompt: u32) -> Result<f64> {
        let mut samples = Vec::new();
        for _ in 0..self.repeat {
            thread::sleep(pause);
            let mut generation = self.generation(prompt, 1)?;
            while let Some(event) = generation.next().await? {
                if let GenerationEvent::Finished(summary) = event {
                    samples.push(summary.timings.ttft_ms);
                }
            }
        }
        Ok(Figure::new(samples).median)
    }

    fn generation(&mut self, prompt: u32, answer: u32) -> Result<Generation> {
        self.prompts += 1;
        let prompt = tokens(prompt, self.engine.model().spec.vocabulary, self.prompts);
        Ok(self.engine.generate(&prompt, alone(answer, GenerateOptions::default()))?)
    }
}
