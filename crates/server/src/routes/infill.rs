//! llama-server's `/infill`: the text between a prefix and a suffix, by models that were trained for it.

use axum::Json;
use axum::extract;
use axum::http::StatusCode;
use axum::response::sse::Event;
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use wgslm::engine::{FinishReason, GenerateOptions, GenerationEvent, Summary};
use wgslm::text::{FillOrder, Special, Tokenizer};

use crate::answers::Answers;
use crate::api_error::{ApiError, ApiResult};
use crate::fields::Fields;
use crate::model::Model;
use crate::sampling::SamplingFields;
use crate::sse::{self, StreamWriter, data};
use crate::state::State;
use crate::wire::timings;

/// The most tokens where a request doesn't say.
const MAX_TOKENS: u32 = 128;

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct InfillFields {
    input_prefix: String,
    input_suffix: String,
    /// What was typed after the prefix.
    prompt: String,
    /// Other files of the same work.
    input_extra: Vec<Extra>,
    n_predict: Option<i64>,
    stream: bool,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Extra {
    filename: String,
    text: String,
}

pub(super) async fn create(extract::State(state): extract::State<State>, fields: Fields) -> ApiResult<Response> {
    let sampling: SamplingFields = fields.read()?;
    let own: InfillFields = fields.read()?;
    let max_tokens = match own.n_predict {
        None => Some(MAX_TOKENS),
        // No limit but the context's.
        Some(n) if n < 0 => None,
        Some(n) => Some(u32::try_from(n).unwrap_or(u32::MAX)),
    };
    let options = GenerateOptions { max_tokens, ..sampling.options()? };
    let model = state.registry.get(fields.model()?).await?;
    let mut writer = InfillWriter { model: model.name.clone(), text: String::new(), end: None };
    let stream = own.stream;
    let begin = move |model: &Model, _| {
        let prompt = prompt(model.engine.model().tokenizer()?, &own)?;
        Ok(model.engine.generate(&prompt, options.clone())?)
    };
    let mut answers = Answers::start((&state, model), 1, begin).await?;
    if stream {
        return Ok(sse::respond(answers, writer));
    }
    while let Some((_, event)) = answers.next().await? {
        writer.take(event);
    }
    Ok(Json(writer.last(&writer.text)).into_response())
}

/// The prompt in the order that the model was trained on, other files first.
fn prompt(tokenizer: &Tokenizer, fields: &InfillFields) -> ApiResult<Vec<u32>> {
    let Some(marks) = tokenizer.fill_in_middle() else {
        let message = "this model has no tokens for filling in the middle; load one that was trained for it";
        return Err(ApiError::new(StatusCode::BAD_REQUEST, "no_infill", message));
    };
    let plain = |text: &str| tokenizer.encode(text, Special::Plain).map_err(wgslm::Error::from);
    let mut tokens: Vec<u32> = tokenizer.prompt_begin().into_iter().collect();
    for Extra { filename, text } in &fields.input_extra {
        tokens.extend(marks.file);
        tokens.extend(plain(&format!("{filename}\n{text}\n"))?);
    }
    let prefix = [vec![marks.prefix], plain(&[fields.input_prefix.as_str(), &fields.prompt].concat())?].concat();
    let suffix = tokenizer.encode_continuation(&fields.input_suffix).map_err(wgslm::Error::from)?;
    let suffix = [vec![marks.suffix], suffix].concat();
    match marks.order {
        FillOrder::PrefixFirst => tokens.extend([prefix, suffix].concat()),
        FillOrder::SuffixFirst => tokens.extend([suffix, prefix].concat()),
    }
    tokens.extend(marks.middle);
    Ok(tokens)
}

/// Writes the answer as llama-server does.
struct InfillWriter {
    model: String,
    text: String,
    end: Option<Summary>,
}

impl InfillWriter {
    /// Takes an event; returns the text that is new.
    fn take(&mut self, event: GenerationEvent) -> String {
        match event {
            GenerationEvent::Token { text, .. } => {
                self.text.push_str(&text);
                text
            }
            GenerationEvent::Finished(summary) => {
                self.end = Some(summary);
                String::new()
            }
        }
    }

    /// The whole response, or a stream's last piece.
    fn last(&self, content: &str) -> Value {
        let end = self.end.as_ref();
        let stop_type = match end.map(|end| end.finish_reason) {
            Some(FinishReason::Stop) => "eos",
            _ => "limit",
        };
        json!({
            "content": content,
            "stop": true,
            "model": self.model,
            "tokens_predicted": end.map(|end| end.tokens),
            "tokens_evaluated": end.map(|end| end.prompt_tokens),
            "tokens_cached": end.map(|end| end.cached_tokens),
            "stop_type": stop_type,
            "truncated": false,
            "timings": timings(end),
        })
    }
}

impl StreamWriter for InfillWriter {
    type Event = GenerationEvent;

    fn pieces(&mut self, _: u32, event: GenerationEvent) -> Vec<Event> {
        let text = self.take(event);
        if text.is_empty() { Vec::new() } else { vec![data(&json!({ "content": text, "stop": false }))] }
    }

    fn end(&mut self) -> Vec<Event> {
        vec![data(&self.last(""))]
    }
}
