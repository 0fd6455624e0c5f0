//! Probes and metrics.

use axum::Json;
use axum::extract;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use serde_json::{Value, json};

use crate::api_error::{ApiError, ApiResult};
use crate::inference::blocking;
use crate::metrics;
use crate::state::State;

/// Alive.
pub(super) async fn health() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

/// A model is loaded, on a device that has passed its self-check, and the server doesn't stop.
pub(super) async fn ready(extract::State(state): extract::State<State>) -> ApiResult<Json<Value>> {
    if state.work.is_stopping() {
        return Err(ApiError::unavailable("shutting_down", "the server is stopping"));
    }
    let loaded = state.registry.loaded_names();
    if loaded.is_empty() {
        return Err(ApiError::unavailable("loading", "the model is being loaded"));
    }
    Ok(Json(json!({ "status": "ready", "models": loaded })))
}

/// The metrics of the server and of the models that are loaded.
pub(super) async fn metrics(extract::State(state): extract::State<State>) -> ApiResult<impl IntoResponse> {
    let models = state.registry.loaded();
    let read = blocking(move || Ok(models.iter().map(|model| metrics::of_engine(model)).collect::<Vec<_>>()));
    let models = state.inference.run(read).await?;
    Ok(([(CONTENT_TYPE, metrics::CONTENT_TYPE)], state.metrics.text(state.work.running(), &models)))
}
