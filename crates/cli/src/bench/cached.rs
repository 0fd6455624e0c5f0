//! The gain of a cached prefix: the first token of a prompt that is new, and of the same one again.

use serde::Serialize;

use super::figure::Figure;
use super::measure::Bench;
use crate::error::Result;

/// The times to the first token of a prompt, first read from its start and then from its cached prefix.
#[derive(Serialize)]
pub(super) struct CachedReport {
    pub(super) prompt_tokens: u32,
    /// The fewest tokens of the prompt that the prefix cache held.
    pub(super) cached_tokens: usize,
    pub(super) cold_ttft_ms: Figure,
    pub(super) cached_ttft_ms: Figure,
    /// The cold median by the cached one.
    pub(super) speedup: f64,
}

/// Asks for the first token of new prompts, twice each.
pub(super) async fn measure(bench: &Bench<'_>) -> Result<CachedReport> {
    let prompt_tokens = bench.arguments.prompt_tokens;
    let (mut cold, mut cached) = (Vec::new(), Vec::new());
    let mut cached_tokens = usize::MAX;
    for _ in 0..bench.arguments.repeat {
        let prompt = bench.prompt(prompt_tokens, bench.seeds(1));
        cold.push(bench.answer(&prompt, 1).await?.timings.ttft_ms);
        let again = bench.answer(&prompt, 1).await?;
        cached.push(again.timings.ttft_ms);
        cached_tokens = cached_tokens.min(again.cached_tokens);
    }
    let (cold_ttft_ms, cached_ttft_ms) = (Figure::new(cold), Figure::new(cached));
    let speedup = cold_ttft_ms.median / cached_ttft_ms.median.max(f64::MIN_POSITIVE);
    Ok(CachedReport { prompt_tokens, cached_tokens, cold_ttft_ms, cached_ttft_ms, speedup })
}
