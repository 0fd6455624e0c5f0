//! Chooses the file of a model to begin with.

use super::split::PartName;
use crate::foreign::told_by_names;
use crate::{Error, Result};

/// The file that a Hugging Face folder begins with.
pub(super) const CONFIG: &str = "config.json";

/// The file that [`Reader`](super::Reader) begins with, where a model is given as files or a folder with these names: config.json
/// of a Hugging Face folder, a GGUF file, or the first part of a split one.
///
/// # Errors
/// [`Error::NoModel`] where it isn't one model, [`Error::MissingFile`] where only later parts of one are there.
pub fn entry<'a>(names: &[&'a str]) -> Result<&'a str> {
    let ending = |ending: &str| names.iter().copied().filter(|name| has_ending(name, ending)).collect::<Vec<_>>();
    let config = names.iter().copied().find(|name| *name == CONFIG);
    if let (Some(config), false) = (config, ending(".safetensors").is_empty()) {
        return Ok(config);
    }
    let gguf = ending(".gguf");
    // Parts that follow a first one belong to it.
    let begins = |name: &&str| PartName::of(name).is_none_or(|part| part.number == 1);
    let models: Vec<_> = gguf.iter().copied().filter(begins).collect();
    match (models.as_slice(), gguf.as_slice(), names) {
        ([model], ..) => Ok(model),
        // Whatever it is called: its contents tell.
        ([], [], [only]) if *only != CONFIG => Ok(only),
        ([], [later, ..], _) => {
            let first = PartName::of(later).map_or_else(|| (*later).to_owned(), |part| part.with_number(1));
            Err(Error::MissingFile { file: first })
        }
        ([], [], _) => match (told_by_names(names), config) {
            (Some(reason), _) => Err(Error::NoModel { reason }),
            (None, Some(config)) => Ok(config),
            (None, None) => Err(Error::NoModel { reason: format!("there is no model among {} files", names.len()) }),
        },
        ([one, other, ..], ..) => Err(Error::NoModel { reason: format!("{one} and {other} are two models") }),
    }
}

pub(super) fn has_ending(name: &str, ending: &str) -> bool {
    let start = name.len().checked_sub(ending.len());
    start.and_then(|start| name.get(start..)).is_some_and(|found| found.eq_ignore_ascii_case(ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_is_found_among_its_files() {
        for (names, expected) in [
            (&["README.md", "model.safetensors", "config.json"][..], Ok("config.json")),
            (&["a.gguf", "config.json"], Ok("a.gguf")),
            (&["download"], Ok("download")),
            (&["config.json"], Ok("config.json")),
            (&["m-00002-of-00002.gguf", "m-00001-of-00002.gguf"], Ok("m-00001-of-00002.gguf")),
            (&["a.gguf", "b.GGUF"], Err("no-model")),
            (&["README.md", "notes.txt"], Err("no-model")),
            (&["config.json", "pytorch_model.bin"], Err("no-model")),
            (&["config.json", "pytorch_model.bin", "model.safetensors"], Ok("config.json")),
            (&["pytorch_model.bin"], Ok("pytorch_model.bin")),
            (&[], Err("no-model")),
            (&["m-00002-of-00003.gguf", "m-00003-of-00003.gguf"], Err("missing-file")),
        ] {
            assert_eq!(entry(names).map_err(|error| error.code()), expected, "{names:?}");
        }
        let error = entry(&["m-00002-of-00003.gguf"]).expect_err("there is no first part");
        assert!(error.to_string().contains("m-00001-of-00003.gguf"), "{error}");
    }
}
