//! `wgslm generate`: generates text from a prompt.

use std::io::Write as _;

use serde::Serialize;
use wgslm::engine::{Engine, GenerateOptions, GenerationEvent, Prompt, Speculation, Summary, TokenLogprobs};
use wgslm::text::Message;

use crate::arguments::GenerateArguments;
use crate::error::Result;
use crate::load;

#[derive(Serialize)]
struct Report<'a> {
    prompt_tokens: &'a [u32],
    tokens: &'a [u32],
    text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    logprobs: Option<Vec<LogprobReport>>,
    finish_reason: &'static str,
    timings: TimingsReport,
    #[serde(skip_serializing_if = "Option::is_none")]
    drafts: Option<DraftsReport>,
    adapter: &'a str,
}

/// The log-probability of a token, and those of the most likely ones.
#[derive(Serialize)]
struct LogprobReport {
    token: u32,
    logprob: f32,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    top_logprobs: Vec<LogprobReport>,
}

impl LogprobReport {
    fn new((token, logprobs): (u32, &TokenLogprobs)) -> Self {
        let top = logprobs.alternatives.iter();
        let top_logprobs =
            top.map(|(token, logprob)| Self { token: *token, logprob: *logprob, top_logprobs: Vec::new() });
        Self { token, logprob: logprobs.logprob, top_logprobs: top_logprobs.collect() }
    }
}

/// An answer.
#[derive(Default)]
struct Answer {
    tokens: Vec<u32>,
    text: String,
    logprobs: Vec<LogprobReport>,
}

#[derive(Serialize)]
struct TimingsReport {
    load_ms: f64,
    ttft_ms: f64,
    prefill_tokens_per_s: f64,
    decode_tokens_per_s: f64,
}

/// The drafts of an answer, where some were asked for.
#[derive(Serialize)]
struct DraftsReport {
    tried: usize,
    accepted: usize,
}

pub(crate) async fn run(arguments: GenerateArguments) -> Result<()> {
    let (engine, load_ms) = load::engine(&arguments.model, arguments.room).await?;
    let prompt = engine.prompt_tokens(&prompt(&arguments))?;
    let speculation = arguments.drafts.speculation(&engine).await?;
    let drafts = speculation != Speculation::Off;
    let options = GenerateOptions {
        max_tokens: arguments.max_tokens.0,
        seed: arguments.seed,
        stop: arguments.stop,
        tokens_in_flight: arguments.tokens_in_flight,
        speculation,
        logprobs: arguments.logprobs,
        ..arguments.sampling.options()
    };
    let (answer, summary) = generate(&engine, &prompt, options, !arguments.json).await?;
    let mut output = std::io::stdout().lock();
    if arguments.json {
        let report = Report {
            prompt_tokens: &prompt,
            tokens: &answer.tokens,
            text: &answer.text,
            logprobs: arguments.logprobs.map(|_| answer.logprobs),
            finish_reason: summary.finish_reason.name(),
            timings: TimingsReport {
                load_ms,
                ttft_ms: summary.timings.ttft_ms,
                prefill_tokens_per_s: summary.timings.prefill_tokens_per_s,
                decode_tokens_per_s: summary.timings.decode_tokens_per_s,
            },
            drafts: drafts.then_some(DraftsReport {
                tried: summary.timeline.drafted_tokens,
                accepted: summary.timeline.accepted_tokens,
            }),
            adapter: &engine.device().adapter().name,
        };
        serde_json::to_writer(&mut output, &report)?;
    }
    writeln!(output)?;
    Ok(())
}

fn prompt(arguments: &GenerateArguments) -> Prompt {
    match (&arguments.prompt, &arguments.tokens) {
        (Some(prompt), _) if arguments.chat => Prompt::Messages(vec![Message::new("user", prompt)]),
        (Some(prompt), _) => Prompt::Text(prompt.clone()),
        (None, tokens) => Prompt::Tokens(tokens.clone().unwrap_or_default()),
    }
}

/// Runs the generation; with `stream`, prints the text as it arrives.
async fn generate(
    engine: &Engine,
    prompt: &[u32],
    options: GenerateOptions,
    stream: bool,
) -> Result<(Answer, Summary)> {
    let mut generation = engine.generate(prompt, options)?;
    let mut answer = Answer::default();
    let mut output = std::io::stdout().lock();
    loop {
        match generation.next().await? {
            Some(GenerationEvent::Token { token, text, logprob }) => {
                answer.tokens.push(token);
                answer.text.push_str(&text);
                answer.logprobs.extend(logprob.map(|logprobs| LogprobReport::new((token, &logprobs))));
                if stream && !text.is_empty() {
                    output.write_all(text.as_bytes())?;
                    output.flush()?;
                }
            }
            Some(GenerationEvent::Finished(summary)) => return Ok((answer, summary)),
            None => unreachable!("the summary comes before the end"),
        }
    }
}
