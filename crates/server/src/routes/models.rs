//! `/v1/models` and llama-server's `/props`.

use axum::Json;
use axum::extract::{self, Path, Query};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::api_error::{ApiError, ApiResult};
use crate::model::Model;
use crate::state::State;

pub(super) async fn list(extract::State(state): extract::State<State>) -> Json<Value> {
    let data: Vec<Value> = state.registry.names().map(|name| entry(&state, name)).collect();
    Json(json!({ "object": "list", "data": data }))
}

pub(super) async fn one(
    extract::State(state): extract::State<State>,
    Path(name): Path<String>,
) -> ApiResult<Json<Value>> {
    if state.registry.names().any(|known| known == name) {
        return Ok(Json(entry(&state, &name)));
    }
    Err(ApiError::not_found("model_not_found", format!("there is no model {name:?}; see /v1/models")))
}

fn entry(state: &State, name: &str) -> Value {
    let loaded = state.registry.loaded_names().contains(&name);
    json!({ "id": name, "object": "model", "created": state.registry.created(), "owned_by": "wgslm", "loaded": loaded })
}

/// The model that is asked about; the first one where none is.
#[derive(Deserialize)]
pub(super) struct About {
    model: Option<String>,
}

/// The properties of a model.
pub(super) async fn props(
    extract::State(state): extract::State<State>,
    Query(about): Query<About>,
) -> ApiResult<Json<Value>> {
    let slots = state.options.batch_size;
    let work = move |model: &Model| -> ApiResult<_> {
        let engine = &model.engine;
        let tokenizer = engine.model().tokenizer().ok();
        let text = |token: Option<u32>| tokenizer.and_then(|all| all.token_text(token?)).unwrap_or_default();
        let bos = text(tokenizer.and_then(|all| all.bos()));
        let eos = text(tokenizer.and_then(|all| all.eos()));
        let template = engine.model().chat_template().ok().flatten().map(wgslm::text::ChatTemplate::source);
        Ok(Json(json!({
            "default_generation_settings": { "n_ctx": engine.context_length(), "params": { "temperature": 1.0, "top_p": 1.0 } },
            "total_slots": slots,
            "model_alias": model.name,
            "architecture": engine.model().spec.architecture,
            "n_vocab": engine.model().spec.vocabulary,
            "n_params": engine.model().parameters,
            "gpu_bytes": engine.gpu_bytes(),
            "device": engine.device().adapter().name,
            "chat_template": template,
            "bos_token": bos,
            "eos_token": eos,
            "modalities": { "vision": false, "audio": false },
            "build_info": concat!("wgslm ", env!("CARGO_PKG_VERSION")),
        })))
    };
    super::with_model(&state, about.model.as_deref(), work).await
}
