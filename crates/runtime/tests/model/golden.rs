//! Golden models with llama.cpp's results, and the comparison with ours.

use std::fs;
use std::path::{Path, PathBuf};

use pollster::block_on;
use serde::Deserialize;
use wgslm::Device;
use wgslm::Result;
use wgslm::engine::{Activations, EngineOptions};
use wgslm_testing::golden_roots;

use crate::setup::{load_file, logits_from, normalised_error, npy};

/// The largest normalised error with f16 keys and values; f32 arithmetic alone stays below 1e-3.
pub(crate) const TOLERANCE: f64 = 1e-2;

/// The largest normalised error with 8-bit activations.
pub(crate) const INT8_TOLERANCE: f64 = 8e-2;

/// A model with the results that llama.cpp computed.
#[derive(Clone, Deserialize)]
pub(crate) struct Golden {
    /// The path of the model's file within `folder`.
    pub(crate) model: String,
    pub(crate) tokens: Vec<u32>,
    /// The tensor types of the matrices; empty for the larger models.
    #[serde(default)]
    pub(crate) types: Vec<String>,
    logits: Option<String>,
    embedding: Option<String>,
    scores: Option<String>,
    /// The context length to load the model with, if it matters.
    context: Option<u32>,
    #[serde(skip)]
    folder: PathBuf,
}

/// The golden models of the repository and, if present, the larger ones beside it and those of the folder in
/// `WGSLM_MORE_GOLDEN`.
pub(crate) fn goldens() -> Vec<Golden> {
    let [own, beside] = golden_roots();
    let more = std::env::var_os("WGSLM_MORE_GOLDEN").map(PathBuf::from);
    let more = more.iter().flat_map(|folder| ["index.json", "embeddings.json"].map(|name| folder.join(name)));
    let beside = std::iter::once(beside.join("index.json")).filter(|path| path.exists());
    let mut all: Vec<Golden> = Vec::new();
    for path in [own.join("models/index.json"), own.join("index.json")].into_iter().chain(beside).chain(more) {
        let new = index(&path).into_iter().filter(|golden| !all.iter().any(|known| known.values() == golden.values()));
        let new: Vec<Golden> = new.collect();
        all.extend(new);
    }
    all
}

fn index(path: &Path) -> Vec<Golden> {
    let bytes = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut all: Vec<Golden> =
        serde_json::from_slice(&bytes).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let folder = path.parent().expect("it lies in a folder");
    all.iter_mut().for_each(|golden| folder.clone_into(&mut golden.folder));
    all
}

/// The golden model of a file name without its ending, such as `llama-q4_0`.
pub(crate) fn named(name: &str) -> Golden {
    let file = format!("{name}.gguf");
    let found = goldens().into_iter().find(|golden| Path::new(&golden.model).file_name() == Some(file.as_ref()));
    found.unwrap_or_else(|| panic!("there is no golden model {name}"))
}

impl Golden {
    /// The path of the model's file.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.join(&self.model)
    }

    /// True where the model has logits.
    pub(crate) fn has_logits(&self) -> bool {
        self.logits.is_some()
    }

    fn values(&self) -> Option<&String> {
        self.logits.as_ref().or(self.embedding.as_ref()).or(self.scores.as_ref())
    }

    /// True for the larger models, each of which has a small counterpart in the repository.
    pub(crate) fn is_large(&self) -> bool {
        self.types.is_empty()
    }

    /// True if all matrices are Q8_0.
    pub(crate) fn is_q8_0(&self) -> bool {
        self.types == ["Q8_0"] || self.is_large() && self.model.ends_with("q8_0.gguf")
    }

    /// The normalised error of the device's results.
    pub(crate) fn error(&self, device: &Device, options: &EngineOptions) -> Result<f64> {
        let mut options = EngineOptions { context_length: self.context, ..options.clone() };
        if self.logits.is_none() && options.activations == Activations::Auto {
            // As logits always are.
            options.activations = Activations::Float;
        }
        let engine = load_file(device, &self.path(), &options)?;
        let expected = |name: &str| npy(&self.folder.join(name));
        match (&self.logits, &self.embedding, &self.scores) {
            (Some(name), ..) => Ok(normalised_error(&logits_from(&engine, &self.tokens, 0)?, &expected(name))),
            (_, Some(name), _) => {
                let mut expected = expected(name);
                let length = expected.iter().map(|value| value * value).sum::<f32>().sqrt();
                expected.iter_mut().for_each(|value| *value /= length);
                Ok(normalised_error(&block_on(engine.embed(&self.tokens))?, &expected))
            }
            (.., Some(name)) => {
                let scores = block_on(engine.classify_all(&[&self.tokens]))?;
                Ok(normalised_error(&scores[0], &expected(name)))
            }
            _ => panic!("{} has no logits, embedding or scores", self.model),
        }
    }
}

/// Runs the models, and panics with the list of those that fail or whose error is `tolerance` or more.
pub(crate) fn check(goldens: &[Golden], device: &Device, options: &EngineOptions, tolerance: f64) {
    let failure = |golden: &Golden| match golden.error(device, options) {
        Ok(error) if error < tolerance => None,
        Ok(error) => Some(format!("{}: a normalised error of {error:.2e}", golden.model)),
        Err(error) => Some(format!("{}: {error}", golden.model)),
    };
    let failures: Vec<String> = goldens.iter().filter_map(failure).collect();
    let (name, capabilities) = (&device.adapter().name, device.gpu().capabilities());
    assert!(
        failures.is_empty(),
        "{name}, {capabilities:?}, {options:?}: {} of {} models are off\n{}",
        failures.len(),
        goldens.len(),
        failures.join("\n"),
    );
}
