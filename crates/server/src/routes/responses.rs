//! `/v1/responses`: text and tools, without anything kept between two requests.

use axum::Json;
use axum::extract;
use axum::response::{IntoResponse as _, Response};
use serde_json::Value;
use wgslm::engine::GenerateOptions;

use super::chat::begin;
use crate::answers::Answers;
use crate::api_error::{ApiError, ApiResult};
use crate::fields::Fields;
use crate::sampling::SamplingFields;
use crate::sse::{self, StreamWriter as _};
use crate::state::State;
use crate::wire::{Head, ResponseFields, ResponseWriter, prepared};

pub(super) async fn create(extract::State(state): extract::State<State>, fields: Fields) -> ApiResult<Response> {
    fields.refuse(&["previous_response_id", "conversation", "background", "prompt"])?;
    let sampling: SamplingFields = fields.read()?;
    let own: ResponseFields = fields.read()?;
    let top =
        match fields.get("top_logprobs") {
            None => None,
            Some(value) => Some(value.as_u64().and_then(|top| u32::try_from(top).ok()).ok_or_else(|| {
                ApiError::wrong("top_logprobs", "top_logprobs should be a whole number from 0 to 20")
            })?),
        };
    let included = fields.get("include").and_then(Value::as_array);
    let asked = included.is_some_and(|items| items.iter().any(|item| item == "message.output_text.logprobs"));
    let logprobs = if asked { Some(top.unwrap_or(0)) } else { top.filter(|top| *top > 0) };
    let conversation = own.conversation(&fields)?;
    let grammar = own.text.format.as_ref().map(|format| format.grammar("text.format")).transpose()?.flatten();
    let options = GenerateOptions { max_tokens: own.max_output_tokens, logprobs, ..sampling.options()? };
    let conversation = prepared(conversation, grammar.is_some());
    let model = state.registry.get(fields.model()?).await?;
    let mut writer = ResponseWriter::new(Head::new("resp_", &fields, &model), &model.engine, &fields, &own);
    let mut answers = Answers::start((&state, model), 1, begin(conversation, grammar, options)).await?;
    if own.stream {
        return Ok(sse::respond(answers, writer));
    }
    while let Some((index, step)) = answers.next().await? {
        writer.pieces(index, step);
    }
    Ok(Json(writer.whole()).into_response())
}
