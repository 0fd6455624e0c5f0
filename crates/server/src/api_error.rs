//! Errors as clients see them: OpenAI's shape, with a status.

use std::time::Duration;

use axum::Json;
use axum::http::header::{HeaderName, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// The header in which OpenAI's clients look for a time to wait in ms.
const RETRY_AFTER_MS: HeaderName = HeaderName::from_static("retry-after-ms");

/// An error of a request.
#[derive(Clone, Debug)]
pub(crate) struct ApiError {
    status: StatusCode,
    code: &'static str,
    message: String,
    /// The field that is wrong, where it is one.
    param: Option<String>,
    retry_after: Option<Duration>,
}

pub(crate) type ApiResult<T> = Result<T, ApiError>;

impl ApiError {
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), param: None, retry_after: None }
    }

    /// The error of a field that has the wrong value.
    pub(crate) fn wrong(param: &str, message: impl Into<String>) -> Self {
        let error = Self::new(StatusCode::BAD_REQUEST, "invalid_value", message);
        Self { param: Some(param.to_owned()).filter(|param| !param.is_empty()), ..error }
    }

    /// The error of something that isn't there.
    pub(crate) fn not_found(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, message)
    }

    /// The error, as that of a field.
    pub(crate) fn with_param(self, param: &str) -> Self {
        Self { param: Some(param.to_owned()), ..self }
    }

    /// The message.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// True where there is no room now.
    pub(crate) fn is_busy(&self) -> bool {
        self.status == StatusCode::TOO_MANY_REQUESTS
    }

    /// The error of a request for which there is no room now.
    pub(crate) fn busy(retry_after: Duration) -> Self {
        let message = "the server is busy with other requests; try again later";
        Self::new(StatusCode::TOO_MANY_REQUESTS, "queue_full", message).after(retry_after)
    }

    /// The error of a server that can't answer now, but perhaps later.
    pub(crate) fn unavailable(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code, message).after(Duration::from_secs(1))
    }

    /// The error of an answer that took longer than it may.
    pub(crate) fn timeout(limit: Duration) -> Self {
        let message = format!("the answer took longer than {} s; ask for fewer tokens", limit.as_secs_f64());
        Self::new(StatusCode::GATEWAY_TIMEOUT, "inference_timeout", message)
    }

    /// The error of a thread that ended without an answer.
    pub(crate) fn internal() -> Self {
        let message = "the answer ended without a reason; see the server's log, and report it";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal_error", message)
    }

    fn after(self, retry_after: Duration) -> Self {
        Self { retry_after: Some(retry_after), ..self }
    }

    /// The error's kind, as OpenAI's API names it.
    fn kind(&self) -> &'static str {
        match self.status {
            StatusCode::UNAUTHORIZED => "authentication_error",
            StatusCode::TOO_MANY_REQUESTS => "rate_limit_error",
            status if status.is_server_error() => "server_error",
            _ => "invalid_request_error",
        }
    }

    /// The body: `{"error": {"message", "type", "param", "code"}}`.
    pub(crate) fn body(&self) -> Value {
        let Self { code, message, param, .. } = self;
        json!({ "error": { "message": message, "type": self.kind(), "param": param, "code": code } })
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.body())).into_response();
        let headers = response.headers_mut();
        if let Some(wait) = self.retry_after {
            let seconds = wait.as_secs_f64().ceil().max(1.0) as u64;
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
            headers.insert(RETRY_AFTER_MS, HeaderValue::from(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(axum::http::header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl From<wgslm::Error> for ApiError {
    fn from(error: wgslm::Error) -> Self {
        use wgslm::Error;
        let (code, message) = (error.code(), error.to_string());
        match error {
            Error::Busy { retry_after_ms } => Self::busy(Duration::from_millis(retry_after_ms)),
            Error::Deadline | Error::KvCacheFull => Self::unavailable(code, message),
            Error::PromptTooLong { .. } => Self::new(StatusCode::BAD_REQUEST, "context_length_exceeded", message),
            Error::InvalidOption { .. }
            | Error::WrongTask { .. }
            | Error::EmptyPrompt
            | Error::UnknownToken { .. }
            | Error::Text(_) => Self::new(StatusCode::BAD_REQUEST, code, message),
            _ => Self::new(StatusCode::INTERNAL_SERVER_ERROR, code, message),
        }
    }
}

impl From<wgslm_grammar::Error> for ApiError {
    fn from(error: wgslm_grammar::Error) -> Self {
        Self::new(StatusCode::BAD_REQUEST, error.code(), error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_queue_says_when_to_come_again() {
        let response = ApiError::from(wgslm::Error::Busy { retry_after_ms: 1500 }).into_response();
        assert_eq!(response.status(), 429);
        assert_eq!(response.headers()[RETRY_AFTER], "2");
        assert_eq!(response.headers()[RETRY_AFTER_MS], "1500");
    }

    #[test]
    fn errors_have_the_shape_of_openai() {
        let body = ApiError::wrong("top_p", "top_p is 2; it should be from 0 to 1").body();
        let expected = json!({ "error": { "message": "top_p is 2; it should be from 0 to 1", "type": "invalid_request_error",
            "param": "top_p", "code": "invalid_value" } });
        assert_eq!(body, expected);
        assert_eq!(ApiError::internal().body()["error"]["type"], "server_error");
    }
}
