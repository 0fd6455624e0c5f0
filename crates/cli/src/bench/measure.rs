//! The timed runs: short requests, prefill and decode.

use std::cell::Cell;
use std::time::Instant;

use wgslm::engine::{Engine, GenerateOptions, Generation, GenerationEvent, Speculation, Summary};

use super::figure::Figure;
use super::report::DepthReport;
use super::streams;
use crate::arguments::BenchArguments;
use crate::error::Result;

/// Prompt tokens of the short request.
pub(super) const SHORT_PROMPT: u32 = 16;
/// Generated tokens of the short request.
pub(super) const SHORT_ANSWER: u32 = 8;

/// The times of the first short request and of those after it.
pub(super) struct ShortRequests {
    pub(super) first_request_ms: f64,
    pub(super) warm_request_ms: Figure,
    pub(super) ttft_ms: Figure,
}

pub(super) struct Bench<'a> {
    pub(super) engine: &'a Engine,
    pub(super) arguments: &'a BenchArguments,
    speculation: Speculation,
    /// The number of prompts so far. Each has a seed of its own, so that none shares a cached prefix with another by mistake.
    prompts: Cell<u32>,
}

impl<'a> Bench<'a> {
    pub(super) fn new(engine: &'a Engine, arguments: &'a BenchArguments, speculation: Speculation) -> Self {
        Self { engine, arguments, speculation, prompts: Cell::new(0) }
    }

    /// Times the first short request, then as many warm ones as `--repeat` says.
    pub(super) async fn short_requests(&self) -> Result<ShortRequests> {
        let (first_request_ms, _) = self.short_request().await?;
        let (mut requests, mut first_tokens) = (Vec::new(), Vec::new());
        for _ in 0..self.arguments.repeat {
            let (request, first_token) = self.short_request().await?;
            requests.push(request);
            first_tokens.push(first_token);
        }
        Ok(ShortRequests {
            first_request_ms,
            warm_request_ms: Figure::new(requests),
            ttft_ms: Figure::new(first_tokens),
        })
    }

    /// Times one short request: ms to its end, and ms to its first token.
    async fn short_request(&self) -> Result<(f64, f64)> {
        let began = Instant::now();
        let summary = self.answer(&self.prompt(SHORT_PROMPT, self.seeds(1)), SHORT_ANSWER).await?;
        Ok((began.elapsed().as_secs_f64() * 1e3, summary.timings.ttft_ms))
    }

    /// Measures prefill and decode after `depth` tokens.
    pub(super) async fn depth(&self, depth: u32) -> Result<DepthReport> {
        let (mut prefill, mut decode) = (Vec::new(), Vec::new());
        for _ in 0..self.arguments.repeat {
            prefill.push(self.prefill(depth).await?);
        }
        for _ in 0..self.arguments.repeat {
            decode.push(self.decode(depth).await?);
        }
        let decode_bytes = self.engine.decode_bytes(depth);
        Ok(DepthReport::new(depth, Figure::new(prefill), Figure::new(decode), decode_bytes))
    }

    /// Measures prefill in tokens/s, after `depth` tokens that the prefix cache holds.
    async fn prefill(&self, depth: u32) -> Result<f64> {
        let (tokens, generations) = (self.arguments.prompt_tokens, self.arguments.generations());
        let seeds = self.seeds(generations);
        if depth > 0 {
            self.first_tokens(depth, seeds).await?;
        }
        let began = Instant::now();
        self.first_tokens(depth + tokens, seeds).await?;
        Ok(f64::from(tokens) * f64::from(generations) / began.elapsed().as_secs_f64().max(1e-9))
    }

    /// Measures decode in tokens/s, after a prompt of `depth` tokens and the first token of the answer.
    async fn decode(&self, depth: u32) -> Result<f64> {
        let (prompt, generations) = (depth.max(1), self.arguments.generations());
        let seeds = self.seeds(generations);
        if generations > 1 {
            // So that they begin together: with prompts that are read already.
            self.first_tokens(prompt, seeds).await?;
        }
        let prompts = (seeds..seeds + generations).map(|seed| self.prompt(prompt, seed));
        Ok(streams::run(self, prompts).await?.tokens_per_s())
    }

    /// Asks for the first token after a prompt of `length` tokens for each of a batch, and waits for all of them.
    async fn first_tokens(&self, length: u32, seed: u32) -> Result<()> {
        let seeds = seed..seed + self.arguments.generations();
        let generations: Result<Vec<_>> = seeds.map(|seed| self.generation(&self.prompt(length, seed), 1)).collect();
        for mut generation in generations? {
            while generation.next().await?.is_some() {}
        }
        Ok(())
    }

    /// The first of `count` seeds that no prompt has had.
    pub(super) fn seeds(&self, count: u32) -> u32 {
        self.prompts.replace(self.prompts.get() + count)
    }

    /// Begins an answer of `answer` tokens to a prompt.
    pub(super) fn generation(&self, prompt: &[u32], answer: u32) -> Result<Generation> {
        let options = GenerateOptions {
            tokens_in_flight: self.arguments.tokens_in_flight,
            speculation: self.speculation.clone(),
            ..alone(answer, self.arguments.sampling.options())
        };
        Ok(self.engine.generate(prompt, options)?)
    }

    /// Waits for an answer of `answer` tokens to a prompt.
    pub(super) async fn answer(&self, prompt: &[u32], answer: u32) -> Result<Summary> {
        let mut generation = self.generation(prompt, answer)?;
        loop {
            if let Some(GenerationEvent::Finished(summary)) = generation.next().await? {
                return Ok(summary);
            }
        }
    }

    /// A prompt of `length` tokens from a seed.
    pub(super) fn prompt(&self, length: u32, seed: u32) -> Vec<u32> {
        tokens(length, self.engine.model().spec.vocabulary, seed)
    }
}

/// The options of a request that is measured: an answer of so many tokens, computed for itself.
pub(super) fn alone(answer: u32, options: GenerateOptions) -> GenerateOptions {
    GenerateOptions { max_tokens: Some(answer), ignore_stop: true, coalesce: false, ..options }
}

/// Pseudo-random token ids from a seed.
pub(super) fn tokens(length: u32, vocabulary: u32, seed: u32) -> Vec<u32> {
    let mut state = u64::from(seed).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as u32 % vocabulary
    };
    (0..length).map(|_| next()).collect()
}
