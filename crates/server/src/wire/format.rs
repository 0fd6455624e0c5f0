//! The form of an answer: text, or JSON by a grammar.

use serde::Deserialize;
use serde_json::Value;
use wgslm_grammar::{Grammar, Whitespace};

use crate::api_error::{ApiError, ApiResult};

/// OpenAI's `response_format`; the field `text.format` of its responses has the schema beside the type.
#[derive(Debug, Deserialize)]
pub(crate) struct ResponseFormat {
    #[serde(rename = "type")]
    kind: String,
    json_schema: Option<Value>,
    schema: Option<Value>,
}

impl ResponseFormat {
    /// The grammar; text has none. `param` is the field's name.
    ///
    /// # Errors
    /// One that names the field.
    pub(crate) fn grammar(&self, param: &str) -> ApiResult<Option<Grammar>> {
        let whitespace = Whitespace::default();
        match self.kind.as_str() {
            "text" => Ok(None),
            "json_object" => Ok(Some(Grammar::JsonObject { whitespace })),
            "json_schema" => {
                let nested = self.json_schema.as_ref().and_then(|format| format.get("schema"));
                match nested.or(self.schema.as_ref()) {
                    Some(schema @ Value::Object(_)) => {
                        Ok(Some(Grammar::JsonSchema { schema: schema.to_string(), whitespace }))
                    }
                    _ => Err(ApiError::wrong(
                        param,
                        format!("{param} has no schema; it should be a JSON Schema as an object"),
                    )),
                }
            }
            kind => {
                let expected = "\"text\", \"json_object\" or \"json_schema\"";
                Err(ApiError::wrong(param, format!("{param}.type is {kind:?}; it should be {expected}")))
            }
        }
    }
}
