//! What sentence-transformers keeps beside an encoder: what follows it, and how the vectors of a text's tokens become one
//! (<https://sbert.net/docs/package_reference/sentence_transformer/models.html>).

use serde::Deserialize;
use serde_json::{Map, Value};

use super::json;
use crate::{Error, Result};

pub(super) const MODULES: &str = "modules.json";
pub(super) const POOLING: &str = "1_Pooling/config.json";

/// The folder that [`POOLING`] is in.
const POOLING_FOLDER: &str = "1_Pooling";

/// A pooling by its name, by the flag that older files have for it, and by its number in GGUF.
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

/// Holds the steps of modules.json against those that are run. Embeddings have a length of 1 whether a last step says so or not.
///
/// # Errors
/// [`Error::InvalidConfig`] names a step that would be left out, which would change every embedding.
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

/// GGUF's number of the pooling that a file describes.
///
/// # Errors
/// [`Error::InvalidConfig`] names one that can't be run.
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
