//! Who may use the server: keys, and the origins of pages.

use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use subtle::ConstantTimeEq as _;
use tower_http::cors::{AllowOrigin, Any, CorsLayer};

use crate::api_error::{ApiError, ApiResult};
use crate::{Error, Result};

/// The keys of which a request has to show one.
pub(crate) struct Keys(Vec<String>);

impl Keys {
    pub(crate) fn new(keys: &[String]) -> Result<Self> {
        if keys.iter().any(|key| key.trim().is_empty()) {
            return Err(Error::Option { option: "API_KEYS", value: String::new(), expected: "keys that aren't empty" });
        }
        Ok(Self(keys.to_vec()))
    }

    /// Refuses a request that shows none of the keys. Takes the same time whichever key it is, and however much of one is right.
    pub(crate) fn check(&self, headers: &HeaderMap) -> ApiResult<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        let shown = shown(headers).unwrap_or_default();
        let found = self.0.iter().fold(0, |found, key| found | key.as_bytes().ct_eq(shown).unwrap_u8());
        if found == 1 {
            return Ok(());
        }
        let message = "the API key is missing or wrong; send one of the server's keys as Authorization: Bearer KEY";
        Err(ApiError::new(StatusCode::UNAUTHORIZED, "invalid_api_key", message))
    }
}

/// The key in the headers: OpenAI's clients send the first, llama-server also takes the second.
fn shown(headers: &HeaderMap) -> Option<&[u8]> {
    let bearer = headers.get(AUTHORIZATION).and_then(|value| value.as_bytes().strip_prefix(b"Bearer "));
    bearer.or_else(|| headers.get("x-api-key").map(HeaderValue::as_bytes))
}

/// The layer that lets pages of these origins use the server; none where no page may.
pub(crate) fn cors(origins: &[String]) -> Result<Option<CorsLayer>> {
    let allowed = match origins {
        [] => return Ok(None),
        _ if origins.iter().any(|origin| origin == "*") => AllowOrigin::any(),
        _ => AllowOrigin::list(origins.iter().map(|origin| header(origin)).collect::<Result<Vec<_>>>()?),
    };
    Ok(Some(CorsLayer::new().allow_origin(allowed).allow_methods(Any).allow_headers(Any).expose_headers(Any)))
}

fn header(origin: &str) -> Result<HeaderValue> {
    let expected = "an origin such as https://example.org, or *";
    let wrong = || Error::Option { option: "CORS_ORIGINS", value: origin.to_owned(), expected };
    if !origin.contains("://") || origin.ends_with('/') {
        return Err(wrong());
    }
    HeaderValue::from_str(origin).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &'static str, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name.parse().expect("a name"), HeaderValue::from_static(value))])
    }

    #[test]
    fn one_of_the_keys_is_enough_and_a_part_is_not() {
        let keys = Keys::new(&["first".to_owned(), "second".to_owned()]).expect("they are keys");
        for (name, value, may) in [
            ("authorization", "Bearer first", true),
            ("authorization", "Bearer second", true),
            ("x-api-key", "second", true),
            ("authorization", "Bearer fir", false),
            ("authorization", "Bearer firsts", false),
            ("authorization", "first", false),
            ("accept", "first", false),
        ] {
            assert_eq!(keys.check(&headers(name, value)).is_ok(), may, "{name}: {value}");
        }
        assert!(Keys::new(&[]).expect("no key").check(&HeaderMap::new()).is_ok());
        assert!(Keys::new(&[" ".to_owned()]).is_err());
    }

    #[test]
    fn an_origin_has_a_scheme_and_no_path() {
        for (origins, right) in [
            (&["https://a.example", "http://localhost:3000"][..], true),
            (&["a.example"], false),
            (&["https://a/"], false),
        ] {
            let origins: Vec<_> = origins.iter().map(|origin| (*origin).to_owned()).collect();
            assert_eq!(cors(&origins).is_ok(), right, "{origins:?}");
        }
        assert!(cors(&[]).expect("no origin").is_none());
    }
}
