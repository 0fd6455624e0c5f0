//! llama-server's `/tokenize`, `/detokenize` and `/apply-template`.

use axum::Json;
use axum::extract;
use serde::Deserialize;
use serde_json::{Value, json};
use wgslm::text::{Conversation, Special};

use super::with_model;
use crate::api_error::ApiResult;
use crate::fields::Fields;
use crate::model::Model;
use crate::state::State;
use crate::wire::prepared;

#[derive(Deserialize)]
struct TokenizeFields {
    content: String,
    /// With the special tokens that the model expects around a text.
    #[serde(default)]
    add_special: bool,
    /// Special tokens that the text spells count.
    #[serde(default = "yes")]
    parse_special: bool,
    /// With the text of each token.
    #[serde(default)]
    with_pieces: bool,
}

fn yes() -> bool {
    true
}

pub(super) async fn tokenize(extract::State(state): extract::State<State>, fields: Fields) -> ApiResult<Json<Value>> {
    let TokenizeFields { content, add_special, parse_special, with_pieces } = fields.read()?;
    let work = move |model: &Model| -> ApiResult<_> {
        let tokenizer = model.engine.model().tokenizer()?;
        let special = if parse_special { Special::Parse } else { Special::Plain };
        let tokens = match add_special {
            true => tokenizer.encode_prompt(&content),
            false => tokenizer.encode(&content, special),
        };
        let tokens = tokens.map_err(wgslm::Error::from)?;
        if !with_pieces {
            return Ok(Json(json!({ "tokens": tokens })));
        }
        // A piece that is a part of a character is given as bytes.
        let piece = |token: &u32| match String::from_utf8(tokenizer.token_bytes(*token)) {
            Ok(text) => json!({ "id": token, "piece": text }),
            Err(error) => json!({ "id": token, "piece": error.as_bytes() }),
        };
        Ok(Json(json!({ "tokens": tokens.iter().map(piece).collect::<Vec<_>>() })))
    };
    with_model(&state, fields.model()?, work).await
}

#[derive(Deserialize)]
struct DetokenizeFields {
    tokens: Vec<u32>,
}

pub(super) async fn detokenize(extract::State(state): extract::State<State>, fields: Fields) -> ApiResult<Json<Value>> {
    let DetokenizeFields { tokens } = fields.read()?;
    let work = move |model: &Model| -> ApiResult<_> {
        let vocabulary = model.engine.model().spec.vocabulary;
        if let Some(token) = tokens.iter().copied().find(|token| *token >= vocabulary) {
            return Err(wgslm::Error::UnknownToken { token, vocabulary }.into());
        }
        Ok(Json(json!({ "content": model.engine.model().tokenizer()?.decode(&tokens) })))
    };
    with_model(&state, fields.model()?, work).await
}

pub(super) async fn apply_template(
    extract::State(state): extract::State<State>,
    fields: Fields,
) -> ApiResult<Json<Value>> {
    let conversation = prepared(fields.read::<Conversation>()?, false);
    let work = move |model: &Model| -> ApiResult<_> {
        Ok(Json(json!({ "prompt": model.engine.apply_template(&conversation)? })))
    };
    with_model(&state, fields.model()?, work).await
}
