//! Typed values of config.json, by name.

use serde_json::{Map, Value};

use super::json;
use crate::{Error, Result};

/// The name of the file.
pub(super) const FILE: &str = "config.json";

/// An object of config.json or of another JSON file beside it. A value of `null` counts as absent, as in the libraries that write
/// these files.
pub(super) struct Config {
    /// The file's name, for errors.
    file: String,
    values: Map<String, Value>,
}

impl Config {
    /// Reads the contents of `file`.
    pub(super) fn parse(file: &str, json: &[u8]) -> Result<Self> {
        Ok(Self { file: file.to_owned(), values: json::parse(file, json)? })
    }

    /// The name and value of the first of `names` that is present.
    pub(super) fn get(&self, names: &[&str]) -> Option<(String, &Value)> {
        let values = names.iter().filter_map(|name| Some(((*name).to_owned(), self.values.get(*name)?)));
        values.into_iter().find(|(_, value)| !value.is_null())
    }

    /// A number, finite or not; integers count as numbers.
    pub(super) fn number(&self, names: &[&str]) -> Result<Option<f64>> {
        self.typed(names, "it should be a number", json::number)
    }

    /// A non-negative integer.
    pub(super) fn count(&self, names: &[&str]) -> Result<Option<u64>> {
        self.typed(names, "it should be an integer from 0 on", Value::as_u64)
    }

    /// A positive integer that must be present.
    pub(super) fn require_count(&self, names: &[&str]) -> Result<u64> {
        match self.count(names)? {
            Some(0) => Err(invalid(format!("{} is 0", names.join(" or ")))),
            Some(count) => Ok(count),
            None => Err(lacks(names)),
        }
    }

    /// True or false.
    pub(super) fn flag(&self, name: &str) -> Result<Option<bool>> {
        self.typed(&[name], "it should be true or false", Value::as_bool)
    }

    /// Text.
    pub(super) fn text(&self, name: &str) -> Result<Option<String>> {
        self.typed(&[name], "it should be text", |value| value.as_str().map(str::to_owned))
    }

    /// A list of numbers.
    pub(super) fn numbers(&self, name: &str) -> Result<Option<Vec<f64>>> {
        self.typed(&[name], "it should be a list of numbers", |value| {
            value.as_array()?.iter().map(json::number).collect()
        })
    }

    /// The ids of tokens: one, or a list. Values that can't be ids, such as -1 for no token, are left out.
    pub(super) fn tokens(&self, name: &str) -> Result<Option<Vec<u32>>> {
        let ids = self.typed(&[name], "it should be an integer or a list of integers", |value| match value {
            Value::Array(values) => values.iter().map(Value::as_i64).collect::<Option<Vec<_>>>(),
            value => value.as_i64().map(|id| vec![id]),
        })?;
        let Some(ids) = ids else { return Ok(None) };
        let tokens: Vec<u32> = ids.iter().filter_map(|id| u32::try_from(*id).ok()).collect();
        if tokens.len() < ids.len() {
            tracing::warn!(?ids, "{name} has ids that are no token's, which are left out");
        }
        Ok(Some(tokens))
    }

    /// A list of texts.
    pub(super) fn texts(&self, name: &str) -> Result<Option<Vec<String>>> {
        self.typed(&[name], "it should be a list of texts", |value| {
            value.as_array()?.iter().map(|text| text.as_str().map(str::to_owned)).collect()
        })
    }

    /// An object within this one.
    pub(super) fn object(&self, name: &str) -> Result<Option<Self>> {
        self.typed(&[name], "it should be an object", |value| {
            Some(Self { file: self.file.clone(), values: value.as_object()?.clone() })
        })
    }

    fn typed<T>(&self, names: &[&str], reason: &str, read: impl Fn(&Value) -> Option<T>) -> Result<Option<T>> {
        let Some((name, value)) = self.get(names) else { return Ok(None) };
        let reason = || Error::InvalidConfig { file: self.file.clone(), reason: format!("{name}: {reason}") };
        read(value).map(Some).ok_or_else(reason)
    }
}

/// The error for an unusable value in config.json.
pub(super) fn invalid(reason: String) -> Error {
    Error::InvalidConfig { file: FILE.to_owned(), reason }
}

/// The error for a config.json that has none of `names`.
pub(super) fn lacks(names: &[&str]) -> Error {
    invalid(format!("it lacks {}", names.join(" or ")))
}
