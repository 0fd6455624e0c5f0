//! JSON as Python writes it, in which `NaN`, `Infinity` and `-Infinity` are numbers.

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{Error, Result};

/// The numbers that are not finite, by their names in Python.
const NOT_FINITE: [(&str, f64); 3] = [("-Infinity", f64::NEG_INFINITY), ("Infinity", f64::INFINITY), ("NaN", f64::NAN)];

/// The key of an object that stands for a number that is not finite; newer versions of Hugging Face's library write
/// `{"__float__": "Infinity"}` themselves.
const TAG: &str = "__float__";

/// Parses the contents of `file`. Numbers that are not finite become objects, which [`number`] reads.
///
/// # Errors
/// [`Error::InvalidConfig`].
pub(super) fn parse<T: DeserializeOwned>(file: &str, json: &[u8]) -> Result<T> {
    serde_json::from_slice(json)
        .or_else(|_| serde_json::from_slice(&tagged(json)))
        .map_err(|error| Error::InvalidConfig { file: file.to_owned(), reason: error.to_string() })
}

/// `value` as a number, finite or not, if it is one.
pub(super) fn number(value: &Value) -> Option<f64> {
    let named = |name: &str| NOT_FINITE.iter().find(|(other, _)| *other == name).map(|(_, number)| *number);
    value.as_f64().or_else(|| named(value.as_object()?.get(TAG)?.as_str()?))
}

/// The same JSON with an object in place of each number that is not finite.
fn tagged(json: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(json.len());
    let (mut rest, mut in_string) = (json, false);
    while let Some(byte) = rest.first() {
        let name =
            NOT_FINITE.iter().map(|(name, _)| *name).find(|name| !in_string && rest.starts_with(name.as_bytes()));
        let taken = match (name, byte) {
            (Some(name), _) => {
                out.extend(format!("{{\"{TAG}\":\"{name}\"}}").bytes());
                rest = &rest[name.len()..];
                continue;
            }
            // An escaped character doesn't end the string.
            (None, b'\\') if in_string => rest.len().min(2),
            (None, byte) => {
                in_string ^= *byte == b'"';
                1
            }
        };
        out.extend_from_slice(&rest[..taken]);
        rest = &rest[taken..];
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn infinity_and_nan_are_numbers_outside_of_strings() {
        let json =
            br#"{ "a": [-Infinity, 1.5], "b": NaN, "c\"NaN": "Infinity \" NaN \\", "d": {"__float__": "Infinity"} }"#;
        let parsed: Value = parse("config.json", json).expect("Python writes it");
        assert_eq!(number(&parsed["a"][0]), Some(f64::NEG_INFINITY));
        assert_eq!(number(&parsed["a"][1]), Some(1.5));
        assert!(number(&parsed["b"]).is_some_and(f64::is_nan));
        assert_eq!(parsed["c\"NaN"], "Infinity \" NaN \\");
        assert_eq!(number(&parsed["d"]), Some(f64::INFINITY));
        for other in [&parsed["c\"NaN"], &parsed["a"], &Value::Null, &serde_json::json!({ "__float__": "1" })] {
            assert_eq!(number(other), None, "{other}");
        }
    }

    #[test]
    fn what_is_no_json_is_told() {
        for json in ["{", "\"\\", "nan", "{ \"a\": Infinit }", "", "\"NaN"] {
            let error = parse::<Value>("config.json", json.as_bytes()).expect_err("it is wrong");
            assert!(error.code() == "invalid-config" && error.to_string().contains("config.json"), "{json}: {error}");
        }
    }
}
