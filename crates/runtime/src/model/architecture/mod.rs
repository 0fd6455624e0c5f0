//! From metadata to a [`ModelSpec`], by one mapping for each architecture.

mod activation;
mod decoder;
mod encoders;
mod families;
mod keys;
mod rope;
#[cfg(test)]
mod tests;

use wgslm_formats::gguf::Metadata;
use wgslm_formats::{Error, Result};

use self::keys::Keys;

#[cfg(test)]
pub(super) use self::tests::metadata_of;
use super::ModelSpec;

type Mapping = fn(&Keys<'_>) -> Result<ModelSpec>;

const ARCHITECTURES: &[(&str, Mapping)] = &[
    ("llama", families::llama),
    ("mistral", families::llama),
    ("mistral3", families::mistral3),
    ("qwen2", families::qwen2),
    ("qwen3", families::qwen3),
    ("qwen3moe", families::qwen3),
    ("gemma2", families::gemma2),
    ("gemma3", families::gemma3),
    ("phi3", families::phi3),
    ("smollm3", families::smollm3),
    ("granite", families::granite),
    ("olmo2", families::olmo2),
    ("lfm2", families::lfm2),
    ("gpt-oss", families::gpt_oss),
    ("starcoder2", families::starcoder2),
    ("bert", encoders::bert),
    ("nomic-bert", encoders::nomic_bert),
];

/// The names of the architectures that can be run, comma separated.
#[must_use]
pub fn supported_architectures() -> String {
    ARCHITECTURES.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
}

impl ModelSpec {
    /// The spec that a model's metadata describes.
    ///
    /// # Errors
    /// [`Error::UnsupportedArchitecture`], or [`Error::MissingMetadata`] and [`Error::InvalidMetadata`] with the key.
    pub fn from_metadata(metadata: &Metadata) -> Result<Self> {
        let architecture = metadata.require_str("general.architecture")?;
        let mapping = ARCHITECTURES.iter().find(|(name, _)| *name == architecture);
        let (_, mapping) = mapping.ok_or_else(|| Error::UnsupportedArchitecture {
            architecture: architecture.to_owned(),
            supported: supported_architectures(),
        })?;
        let keys = Keys::new(metadata, architecture);
        let mut spec = mapping(&keys)?;
        keys.name_activation(&mut spec)?;
        Ok(spec)
    }
}
