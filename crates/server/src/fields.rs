//! The fields of a request's body.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::api_error::{ApiError, ApiResult};

/// The fields of a body. Those that are null count as absent, and those that nobody reads have no effect, as with OpenAI's servers.
pub(crate) struct Fields(Value);

impl Fields {
    /// The fields as a type has them.
    ///
    /// # Errors
    /// The name of the first one with a wrong value, and what is expected.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> ApiResult<T> {
        serde_path_to_error::deserialize(&self.0).map_err(|error| {
            let path = error.path().to_string();
            let (param, inner) = (if path == "." { String::new() } else { path }, error.into_inner());
            match param.as_str() {
                "" => ApiError::wrong("", format!("the request is not usable: {inner}")),
                _ => ApiError::wrong(&param, format!("{param} is not usable: {inner}")),
            }
        })
    }

    /// A field as it came; `None` where it is absent.
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// The name of the model that is asked for, if any.
    pub(crate) fn model(&self) -> ApiResult<Option<&str>> {
        match self.get("model") {
            None => Ok(None),
            Some(Value::String(name)) => Ok(Some(name)),
            Some(_) => Err(ApiError::wrong("model", "model should be a string")),
        }
    }

    /// Refuses fields that would give another answer, had they an effect.
    pub(crate) fn refuse(&self, names: &[&'static str]) -> ApiResult<()> {
        let has_effect = |value: &&Value| !matches!(value, Value::Bool(false)) && value.as_str() != Some("");
        match names.iter().find(|name| self.get(name).filter(has_effect).is_some()) {
            Some(name) => Err(ApiError::wrong(name, format!("{name} is not supported; leave it out"))),
            None => Ok(()),
        }
    }
}

impl From<Map<String, Value>> for Fields {
    fn from(mut fields: Map<String, Value>) -> Self {
        fields.retain(|_, value| !value.is_null());
        Self(Value::Object(fields))
    }
}

impl<S: Send + Sync> FromRequest<S> for Fields {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let body = Bytes::from_request(request, state).await.map_err(|error| unread(&error))?;
        let fields: Map<String, Value> = serde_json::from_slice(&body).map_err(|error| {
            let message = format!("the body is no JSON object: {error}");
            ApiError::new(StatusCode::BAD_REQUEST, "invalid_json", message)
        })?;
        Ok(fields.into())
    }
}

/// The error of a body that couldn't be read.
fn unread(error: &BytesRejection) -> ApiError {
    let status = error.status();
    match status {
        StatusCode::PAYLOAD_TOO_LARGE => {
            ApiError::new(status, "body_too_large", "the body is larger than the server allows; send less at a time")
        }
        _ => ApiError::new(StatusCode::BAD_REQUEST, "invalid_body", format!("the body could not be read: {error}")),
    }
}
