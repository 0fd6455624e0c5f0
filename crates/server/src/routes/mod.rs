//! The routes, a file for each group.

mod chat;
mod completions;
mod embeddings;
mod health;
mod infill;
mod models;
mod openapi;
mod rerank;
mod responses;
mod tokens;

use std::future::Future;
use std::sync::PoisonError;
use std::time::Instant;

use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use tower_http::services::ServeDir;

use crate::Result;
use crate::access::cors;
use crate::api_error::{ApiError, ApiResult};
use crate::inference::blocking;
use crate::model::Model;
use crate::state::State;

/// The server's routes. Probes, the document and files need no key.
pub(crate) fn router(state: &State) -> Result<Router> {
    let options = &state.options;
    let open = Router::new()
        .route("/health", get(health::health))
        .route("/ready", get(health::ready))
        .route("/openapi.json", get(openapi::document));
    let keyed = Router::new()
        .route("/v1/chat/completions", post(chat::create))
        .route("/v1/completions", post(completions::create))
        .route("/v1/embeddings", post(embeddings::create))
        .route("/v1/models", get(models::list))
        .route("/v1/models/{model}", get(models::one))
        .route("/v1/responses", post(responses::create))
        .route("/v1/rerank", post(rerank::create))
        .route("/infill", post(infill::create))
        .route("/tokenize", post(tokens::tokenize))
        .route("/detokenize", post(tokens::detokenize))
        .route("/apply-template", post(tokens::apply_template))
        .route("/props", get(models::props))
        .route("/metrics", get(health::metrics))
        .route_layer(middleware::from_fn_with_state(state.clone(), keyed));
    let mut routes = open.merge(keyed).method_not_allowed_fallback(|| async {
        let message = "this method is not one that the path has; see /openapi.json";
        ApiError::new(axum::http::StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", message)
    });
    routes = match &options.www {
        Some(folder) => routes.fallback_service(ServeDir::new(folder)),
        None => {
            routes.fallback(|| async { ApiError::not_found("not_found", "there is nothing here; see /openapi.json") })
        }
    };
    let routes = routes
        .layer(DefaultBodyLimit::max(options.body_limit))
        .layer(middleware::from_fn_with_state(state.clone(), counted))
        .with_state(state.clone());
    Ok(match cors(&options.cors_origins)? {
        Some(cors) => routes.layer(cors),
        None => routes,
    })
}

/// Refuses requests without a key.
async fn keyed(axum::extract::State(state): axum::extract::State<State>, request: Request, next: Next) -> Response {
    match state.keys.check(request.headers()) {
        Ok(()) => next.run(request).await,
        Err(error) => error.into_response(),
    }
}

/// Counts responses.
async fn counted(axum::extract::State(state): axum::extract::State<State>, request: Request, next: Next) -> Response {
    let began = Instant::now();
    let route =
        request.extensions().get::<MatchedPath>().map_or_else(|| "other".to_owned(), |path| path.as_str().to_owned());
    let response = next.run(request).await;
    state.metrics.count(&route, response.status().as_u16().into(), began.elapsed());
    response
}

/// Runs `work` with a model on a thread that may wait, as a request of its own.
async fn with_model<T: Send + 'static>(
    state: &State,
    name: Option<&str>,
    work: impl FnOnce(&Model) -> ApiResult<T> + Send + 'static,
) -> ApiResult<T> {
    let _running = state.work.begin()?;
    let model = state.registry.get(name).await?;
    let place = model.admission.enter()?;
    let work = async move {
        blocking(move || {
            let _place = place;
            work(&model)
        })
        .await
    };
    state.inference.run(work).await
}

/// What a model pools texts into, in their turn; to be called on a thread that may wait.
fn pooled<'a, T, F: Future<Output = wgslm::Result<T>> + 'a>(
    model: &'a Model,
    work: impl FnOnce(&'a wgslm::engine::Engine) -> F,
) -> ApiResult<T> {
    let _turn = model.pooling.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(pollster::block_on(work(&model.engine))?)
}
