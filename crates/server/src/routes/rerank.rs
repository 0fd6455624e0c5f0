//! `/v1/rerank`, in the shape that Jina's, Cohere's and llama-server's have in common.

use axum::Json;
use axum::extract;
use serde::Deserialize;
use serde_json::{Value, json};

use super::pooled;
use crate::api_error::{ApiError, ApiResult};
use crate::fields::Fields;
use crate::model::Model;
use crate::state::State;
use crate::wire::id;

/// The most documents of a request.
const MOST: usize = 2048;

#[derive(Deserialize)]
struct RerankFields {
    query: String,
    documents: Vec<Document>,
    #[serde(default)]
    top_n: Option<usize>,
    #[serde(default)]
    return_documents: bool,
}

#[derive(Clone, Deserialize)]
#[serde(untagged, expecting = "documents should be strings, or objects with a text")]
enum Document {
    Text(String),
    Object { text: String },
}

impl Document {
    fn text(&self) -> &str {
        match self {
            Self::Text(text) | Self::Object { text } => text,
        }
    }
}

pub(super) async fn create(extract::State(state): extract::State<State>, fields: Fields) -> ApiResult<Json<Value>> {
    let RerankFields { query, documents, top_n, return_documents } = fields.read()?;
    if documents.is_empty() || documents.len() > MOST {
        return Err(ApiError::wrong(
            "documents",
            format!("there are {} documents; send from 1 to {MOST}", documents.len()),
        ));
    }
    let named = fields.model()?.map(str::to_owned);
    let asked = documents.clone();
    let work = move |model: &Model| -> ApiResult<_> {
        let tokens = |document: &Document| model.engine.ranking_prompt(&query, document.text());
        let texts: Vec<Vec<u32>> = asked.iter().map(tokens).collect::<wgslm::Result<_>>()?;
        let count: usize = texts.iter().map(Vec::len).sum();
        let scores = pooled(model, |engine| engine.classify_all(&texts))?;
        Ok((scores, count, model.name.clone()))
    };
    let (scores, tokens, model) = super::with_model(&state, named.as_deref(), work).await?;
    let mut ranked: Vec<(usize, f32)> = scores.iter().map(|scores| scores[0]).enumerate().collect();
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
    let results = ranked.into_iter().take(top_n.unwrap_or(usize::MAX)).map(|(index, score)| {
        let mut result = json!({ "index": index, "relevance_score": score });
        if return_documents {
            result["document"] = json!({ "text": documents[index].text() });
        }
        result
    });
    let results: Vec<Value> = results.collect();
    let usage = json!({ "prompt_tokens": tokens, "total_tokens": tokens });
    Ok(Json(
        json!({ "id": id("rerank-"), "object": "list", "model": named.unwrap_or(model), "results": results, "usage": usage }),
    ))
}
