//! `wgslm generate`: generates text from a prompt.

use std::io::Write as _;

use serde::Serialize;
use wgslm::engine::{
    ContextFull, GenerateOptions, GenerationEvent, Prompt, Several, Speculation, Summary, TokenLogprobs,
};
use wgslm::text::Message;

use crate::arguments::GenerateArguments;
use crate::error::Result;
use crate::load::{self, LoadReport};

#[derive(Serialize)]
struct Report<'a> {
    prompt_tokens: &'a [u32],
    #[serde(flatten)]
    answer: AnswerReport<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    answers: Option<Vec<AnswerReport<'a>>>,
    timings: TimingsReport,
    #[serde(skip_serializing_if = "Option::is_none")]
    drafts: Option<DraftsReport>,
    adapter: &'a str,
}

#[derive(Serialize)]
struct AnswerReport<'a> {
    tokens: &'a [u32],
    text: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    logprobs: &'a [LogprobReport],
    finish_reason: &'static str,
}

impl<'a> AnswerReport<'a> {
    fn new(answer: &'a Answer, summary: &Summary) -> Self {
        let Answer { tokens, text, logprobs } = answer;
        Self { tokens, text, logprobs, finish_reason: summary.finish_reason.name() }
    }
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
    let (engine, LoadReport { load_ms, .. }) = load::engine(&arguments.model, arguments.room).await?;
    let prompt = engine.prompt_tokens(&prompt(&arguments))?;
    let speculation = arguments.drafts.speculation(&engine).await?;
    let drafts = speculation != Speculation::Off;
    let context_full = arguments.slide.map_or(ContextFull::Stop, |keep| ContextFull::Slide { keep });
    let options = GenerateOptions {
        context_full,
        constraint: arguments.grammar.constraint(&engine)?,
        max_tokens: arguments.max_tokens.0,
        seed: arguments.seed,
        stop: arguments.stop,
        tokens_in_flight: arguments.tokens_in_flight,
        speculation,
        logprobs: arguments.logprobs,
        ..arguments.sampling.options()
    };
    let several = engine.generate_several(&prompt, arguments.n, options)?;
    let answers = answers(several, arguments.n, !arguments.json).await?;
    let mut output = std::io::stdout().lock();
    if arguments.json {
        // The first answer, and all of them where there are more.
        let (answer, summary) = &answers[0];
        let all = || answers.iter().map(|(answer, summary)| AnswerReport::new(answer, summary)).collect();
        let report = Report {
            prompt_tokens: &prompt,
            answer: AnswerReport::new(answer, summary),
            answers: (arguments.n > 1).then(all),
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
    } else if arguments.n > 1 {
        for (number, (answer, _)) in (1..).zip(&answers) {
            writeln!(output, "{number}: {}", answer.text)?;
        }
        return Ok(());
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

/// Waits for all answers; a single one is printed as it arrives if `stream` is true.
async fn answers(mut several: Several, count: u32, stream: bool) -> Result<Vec<(Answer, Summary)>> {
    let mut answers: Vec<(Answer, Option<Summary>)> = (0..count).map(|_| Default::default()).collect();
    let mut output = std::io::stdout().lock();
    while let Some((index, event)) = several.next().await? {
        let (answer, end) = &mut answers[index as usize];
        match event {
            GenerationEvent::Token { token, text, logprob } => {
                answer.tokens.push(token);
                answer.text.push_str(&text);
                answer.logprobs.extend(logprob.map(|logprobs| LogprobReport::new((token, &logprobs))));
                if stream && count == 1 && !text.is_empty() {
                    output.write_all(text.as_bytes())?;
                    output.flush()?;
                }
            }
            GenerationEvent::Finished(summary) => *end = Some(summary),
        }
    }
    Ok(answers.into_iter().filter_map(|(answer, end)| Some((answer, end?))).collect())
}
