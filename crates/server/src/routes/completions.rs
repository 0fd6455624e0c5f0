//! `/v1/completions`.

use axum::Json;
use axum::extract;
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use wgslm::engine::{GenerateOptions, Generation, Prompt};

use crate::answers::Answers;
use crate::api_error::{ApiError, ApiResult};
use crate::fields::Fields;
use crate::inputs::inputs;
use crate::model::Model;
use crate::sampling::SamplingFields;
use crate::sse::{self, StreamOptions};
use crate::state::State;
use crate::wire::{CompletionWriter, Head};

/// The most tokens where a request doesn't say, as in OpenAI's API.
const MAX_TOKENS: u32 = 16;
/// The most answers of a request, to all of its prompts.
const MOST_ANSWERS: usize = 128;

/// Fields of OpenAI's API that would give another answer, had they an effect.
const REFUSED: [&str; 3] = ["echo", "suffix", "best_of"];

#[derive(Default, Deserialize)]
#[serde(default)]
struct CompletionFields {
    stream: bool,
    stream_options: StreamOptions,
    max_tokens: Option<u32>,
    logprobs: Option<u32>,
}

pub(super) async fn create(extract::State(state): extract::State<State>, fields: Fields) -> ApiResult<Response> {
    fields.refuse(&REFUSED)?;
    let sampling: SamplingFields = fields.read()?;
    let CompletionFields { stream, stream_options, max_tokens, logprobs } = fields.read()?;
    let prompts = inputs(&fields, "prompt")?;
    let answers_each = sampling.answers()?;
    let most = max_tokens.unwrap_or(MAX_TOKENS);
    let count = prompts.len() * answers_each as usize;
    if count > MOST_ANSWERS {
        return Err(ApiError::wrong(
            "prompt",
            format!("the request asks for {count} answers; ask for at most {MOST_ANSWERS} at a time"),
        ));
    }
    let options = GenerateOptions { max_tokens: Some(most), logprobs, ..sampling.options()? };
    let model = state.registry.get(fields.model()?).await?;
    let head = Head::new("cmpl-", &fields, &model);
    let shape = (prompts.len(), answers_each);
    let mut writer = CompletionWriter::new(head, &model.engine, logprobs.is_some(), &stream_options, shape);
    let begin = begin(prompts, answers_each, options);
    let mut answers = Answers::start((&state, model), count as u32, begin).await?;
    if stream {
        return Ok(sse::respond(answers, writer));
    }
    while let Some((index, event)) = answers.next().await? {
        writer.take(index, event);
    }
    Ok(Json(writer.whole()).into_response())
}

/// Begins the answer of an index: those to the first prompt come first.
fn begin(
    prompts: Vec<Prompt>,
    answers_each: u32,
    options: GenerateOptions,
) -> impl FnMut(&Model, u32) -> ApiResult<Generation> + Send + 'static {
    move |model, index| {
        let (prompt, answer) = (index / answers_each, index % answers_each);
        let seed = options.seed.wrapping_add(answer.into());
        let options = GenerateOptions { seed, ..options.clone() };
        Ok(model.engine.generate_from(&prompts[prompt as usize], options)?)
    }
}
