//! `wgslm perplexity`: measures the perplexity of a text, as llama.cpp's `llama-perplexity` does.

use std::io::Write as _;
use std::time::Instant;

use serde::Serialize;
use wgslm::engine::Engine;
use wgslm::model::ModelSpec;

use crate::arguments::{ModelArguments, PerplexityArguments, RoomOptions};
use crate::error::{Error, Result};
use crate::load;

/// Tokens of a window, llama.cpp's default.
const DEFAULT_CONTEXT: u32 = 512;

#[derive(Serialize)]
struct Report {
    /// exp of `nll`.
    perplexity: f64,
    /// The mean negative log-likelihood of the tokens scored, in nats.
    nll: f64,
    /// The standard error of `nll`.
    standard_error: f64,
    tokens_scored: usize,
    windows: usize,
    context: u32,
    /// Tokens of the whole text, including those that fill no window.
    text_tokens: usize,
    /// The rate at which tokens run through the model.
    tokens_per_s: f64,
    weight_bytes: u64,
    adapter: String,
}

pub(crate) async fn run(arguments: PerplexityArguments) -> Result<()> {
    let text = std::fs::read_to_string(&arguments.text).map_err(Error::file(&arguments.text))?;
    let most = ModelSpec::from_metadata(&load::header(&arguments.model)?.metadata)?.context_length;
    let model = ModelArguments {
        model: arguments.model,
        device: arguments.device,
        context: Some(arguments.context.unwrap_or(DEFAULT_CONTEXT.min(most))),
        activations: arguments.activations,
        quantize: arguments.quantize,
        kv: arguments.kv,
    };
    let (engine, _) = load::engine(&model, RoomOptions::default()).await?;
    let windows = arguments.windows.map_or(usize::MAX, |windows| windows as usize);
    let report = measure(&engine, &text, windows).await?;
    let mut output = std::io::stdout().lock();
    if arguments.json {
        serde_json::to_writer(&mut output, &report)?;
        writeln!(output)?;
    } else {
        let Report { perplexity, nll, standard_error, tokens_scored, tokens_per_s, .. } = report;
        // The error of exp(nll), to first order.
        writeln!(output, "perplexity     {perplexity:.4} ± {:.4}", perplexity * standard_error)?;
        writeln!(output, "nll            {nll:.5} nats a token")?;
        writeln!(output, "tokens scored  {tokens_scored}, in {} windows of {}", report.windows, report.context)?;
        writeln!(output, "tokens/s       {tokens_per_s:.1}")?;
    }
    Ok(())
}

/// Measures the perplexity of at most `most` windows of the text.
///
/// The text is cut into windows of the engine's context length that don't overlap; a last part shorter than a window is left
/// out. Each window runs by itself, with its first token replaced by BOS if the tokenizer adds one, and the predictions of its
/// second half are scored: in a window of n tokens, those of the tokens n / 2 + 1 to n - 1, counted from 0.
async fn measure(engine: &Engine, text: &str, most: usize) -> Result<Report> {
    let tokenizer = engine.model().tokenizer()?;
    let tokens = tokenizer.encode_prompt(text)?;
    // The tokens of an empty text are BOS and perhaps EOS.
    let bos = tokenizer.encode_prompt("")?.first().copied().filter(|bos| tokens.first() == Some(bos));
    let context = engine.context_length();
    let windows: Vec<&[u32]> = tokens.chunks_exact(context as usize).take(most).collect();
    if windows.is_empty() {
        return Err(Error::ShortText { tokens: tokens.len(), context });
    }
    let bar = load::progress_bar("scoring", "{pos}/{len} windows, {eta} left", Some(windows.len() as u64));
    let began = Instant::now();
    let mut scores = Vec::new();
    for window in &windows {
        let mut window = window.to_vec();
        if let (Some(bos), Some(first)) = (bos, window.first_mut()) {
            *first = bos;
        }
        let first = window.len() / 2;
        let score = |position: usize, row: &[f32]| {
            if let Some(next) = window.get(position + 1) {
                scores.push(surprise(row, *next));
            }
            Ok(())
        };
        engine.logits_from(&window, first, score).await?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    let seconds = began.elapsed().as_secs_f64().max(1e-9);
    let count = scores.len() as f64;
    let nll = scores.iter().sum::<f64>() / count;
    let variance = scores.iter().map(|score| (score - nll).powi(2)).sum::<f64>() / (count - 1.0).max(1.0);
    Ok(Report {
        perplexity: nll.exp(),
        nll,
        standard_error: (variance / count).sqrt(),
        tokens_scored: scores.len(),
        windows: windows.len(),
        context,
        text_tokens: tokens.len(),
        tokens_per_s: (windows.len() * context as usize) as f64 / seconds,
        weight_bytes: engine.weight_bytes(),
        adapter: engine.device().adapter().name.clone(),
    })
}

/// The negative log-likelihood of a token under the softmax of the logits, in nats.
fn surprise(logits: &[f32], token: u32) -> f64 {
    let largest = logits.iter().copied().fold(f32::MIN, f32::max);
    let total: f64 = logits.iter().map(|logit| f64::from(logit - largest).exp()).sum();
    total.ln() - logits.get(token as usize).map_or(0.0, |logit| f64::from(logit - largest))
}
