//! Reads the files of sentence-transformers beside an encoder: the steps after it, and the pooling that makes one vector of a
//! text's tokens (<https://sbert.net/docs/package_reference/sentence_transformer/models.html>).

use serde::Deserialize;
use serde_json::{Map, Value};

use super::json;
use crate::{Error, Result};

pub(super) const MODULES: &str = "modules.json";
pub(super) const POOLING: &str = "1_Pooling/config.json";

/// The folder of [`POOLING`].
const POOLING_FOLDER: &str = "1_Pooling";

/// Each pooling's name, the flag that older files have for it, and its number in GGUF.
const POOLINGS: &[(&str, &str, u64)] = &[
    ("mean", "pooling_mode_mean_tokens", 1),
    ("cls", "pooling_mode_cls_token", 2),
    ("lasttoken", "pooling_mode_lasttoken", 3),
];

/// A step from a text to its embedding.
#[derive(Deserialize)]
struct Module {
    #[serde(rename = "type")]
    kind: String,
    path: String,
}

/// Checks that all steps of modules.json can be run. Embeddings get a length of 1 whether or not there is a last step for it.
///
/// # Errors
/// [`Error::InvalidConfig`] names an unsupported step: leaving it out would change every embedding.
pub(super) fn check_modules(json: &[u8]) -> Result<()> {
    let modules: Vec<Module> = json::parse(MODULES, json)?;
    for Module { kind, path } in modules {
        match kind.rsplit('.').next().unwrap_or_default() {
            "Transformer" | "Normalize" => {}
            "Pooling" if path == POOLING_FOLDER => {}
            "Pooling" => {
                return Err(invalid(MODULES, format!("its pooling is in {path:?}, and only {POOLING} is read")));
            }
            _ => {
                return Err(invalid(
                    MODULES,
                    format!("its step {kind} can't be run (supported: Transformer, Pooling, Normalize)"),
                ));
            }
        }
    }
    Ok(())
}

/// The number in GGUF of the pooling that a file describes.
///
/// # Errors
/// [`Error::InvalidConfig`] names an unsupported pooling.
pub(super) fn pooling_type(json: &[u8]) -> Result<u64> {
    let config: Map<String, Value> = json::parse(POOLING, json)?;
    let flags = config.iter().filter(|(key, value)| key.starts_with("pooling_mode_") && **value == true);
    let names = flags.map(|(key, _)| key.as_str()).chain(config.get("pooling_mode").and_then(Value::as_str));
    let names: Vec<&str> = names.collect();
    let known = match names[..] {
        [only] => POOLINGS.iter().find(|(name, flag, _)| only == *name || only == *flag),
        _ => None,
    };
    known.map(|(.., number)| *number).ok_or_else(|| {
        let supported = POOLINGS.iter().map(|(name, ..)| *name).collect::<Vec<_>>().join(", ");
        invalid(POOLING, format!("its pooling [{}] can't be run (supported: one of {supported})", names.join(", ")))
    })
}

fn invalid(file: &str, reason: String) -> Error {
    Error::InvalidConfig { file: file.to_owned(), reason }
}
