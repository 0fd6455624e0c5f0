//! The head of a response.

use serde_json::{Map, Value};

use crate::fields::Fields;
use crate::model::{Model, unix_time};

/// An id of its own, the time and the model, by the name that the request gave it.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    pub(crate) id: String,
    pub(crate) created: u64,
    pub(crate) model: String,
}

impl Head {
    pub(crate) fn new(prefix: &str, fields: &Fields, model: &Model) -> Self {
        let named = fields.get("model").and_then(Value::as_str);
        Self { id: id(prefix), created: unix_time(), model: named.unwrap_or(&model.name).to_owned() }
    }

    /// The fields of an object of this kind that come before its own.
    pub(crate) fn fields(&self, object: &str) -> Map<String, Value> {
        let Self { id, created, model } = self;
        Map::from_iter([
            ("id".to_owned(), Value::from(id.as_str())),
            ("object".to_owned(), Value::from(object)),
            ("created".to_owned(), Value::from(*created)),
            ("model".to_owned(), Value::from(model.as_str())),
        ])
    }

    /// A chunk of a stream with these choices. In a stream that ends with its usage, every other chunk has `null` there.
    pub(crate) fn chunk(&self, object: &str, choices: Value, has_usage: bool) -> Map<String, Value> {
        let mut chunk = self.fields(object);
        chunk.insert("choices".to_owned(), choices);
        if has_usage {
            chunk.insert("usage".to_owned(), Value::Null);
        }
        chunk
    }
}

/// A random id.
pub(crate) fn id(prefix: &str) -> String {
    format!("{prefix}{:024x}", rand::random::<u128>() >> 32)
}
