//! The header of a model: everything that its files say before the weights.

use crate::gguf::{Metadata, TensorInfo};

/// The format of a model's files.
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
    /// The file's name in its folder.
    pub name: String,
    /// The file's length in bytes, without padding at its end.
    pub bytes: u64,
}

/// The tokenizer's files in a Hugging Face folder.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TokenizerFiles {
    /// The contents of tokenizer.json.
    pub tokenizer: Vec<u8>,
    /// The contents of tokenizer_config.json.
    pub config: Option<Vec<u8>>,
    /// The contents of chat_template.jinja, or the template of chat_template.json.
    pub chat_template: Option<String>,
    /// Tokens that end an answer: those of generation_config.json, or of config.json where it has none.
    pub stop_tokens: Vec<u32>,
    /// Tokens that are never chosen, from generation_config.json.
    pub suppressed_tokens: Vec<u32>,
}

/// Everything that a model's files say before the tensors' bytes, in GGUF's keys and names.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelHeader {
    /// The format of the files.
    pub format: Format,
    /// The metadata, by GGUF key.
    pub metadata: Metadata,
    /// The tensors of all files, by GGUF name. Their offsets count from the start of the data in the file where they begin.
    pub tensors: Vec<TensorInfo>,
    /// The files with tensors, in order.
    pub files: Vec<ModelFile>,
    /// The tokenizer's files, where the metadata has no tokenizer.
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
