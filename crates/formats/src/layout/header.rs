//! What all files of a model say about it before its weights.

use crate::gguf::{Metadata, TensorInfo};

/// How a model's files are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// GGUF of this version.
    Gguf(u32),
    /// A Hugging Face folder: config.json, safetensors and tokenizer.json.
    HuggingFace,
}

/// A file with tensors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelFile {
    /// Its name in its folder.
    pub name: String,
    /// Its length in bytes, without padding at its end.
    pub bytes: u64,
}

/// The files of a Hugging Face folder that tell how text becomes tokens.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TokenizerFiles {
    /// tokenizer.json.
    pub tokenizer: Vec<u8>,
    /// tokenizer_config.json.
    pub config: Option<Vec<u8>>,
    /// chat_template.jinja.
    pub chat_template: Option<String>,
    /// Tokens that end an answer: those of generation_config.json, or of config.json where it has none.
    pub stop_tokens: Vec<u32>,
    /// Tokens that are never chosen, which generation_config.json names.
    pub suppressed_tokens: Vec<u32>,
}

/// Everything that a model's files say before the tensors' bytes, in GGUF's keys and names.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelHeader {
    /// How the files are laid out.
    pub format: Format,
    /// The metadata, by GGUF key.
    pub metadata: Metadata,
    /// The tensors of all files, by GGUF name. Their offsets count from the start of the data in the file where they begin.
    pub tensors: Vec<TensorInfo>,
    /// The files with tensors, in order.
    pub files: Vec<ModelFile>,
    /// The files of the tokenizer, where the metadata doesn't have it.
    pub tokenizer: Option<TokenizerFiles>,
}

impl ModelHeader {
    /// The tensor of this name.
    #[must_use]
    pub fn tensor(&self, name: &str) -> Option<&TensorInfo> {
        self.tensors.iter().find(|tensor| tensor.name == name)
    }

    /// The length of all files with tensors, in bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.files.iter().fold(0, |sum, file| sum.saturating_add(file.bytes))
    }
}
