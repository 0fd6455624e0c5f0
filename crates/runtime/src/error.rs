//! The one error type of this crate: every way in which a call can fail, with a stable code.

/// What can go wrong. Every message says what happened, where, and what the user can do next.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    // --- The GGUF file ---
    /// The first four bytes are not `GGUF`.
    #[error("not a GGUF file: it starts with {found:02x?} instead of \"GGUF\"; check the address or the path")]
    NotGguf {
        /// The bytes found (fewer than four if the file ends there).
        found: Vec<u8>,
    },
    /// A GGUF version other than 2 and 3.
    #[error("GGUF version {version} is not supported (2 and 3 are); convert the file with a current llama.cpp")]
    UnsupportedVersion {
        /// The version the file gives.
        version: u32,
    },
    /// A file that may well follow the format, but uses what is not read here, or more of it than is read.
    #[error("the GGUF file cannot be used, {what} at byte {offset}: {reason}")]
    UnsupportedGguf {
        /// What was being read.
        what: String,
        /// Where, in bytes from the start of the file.
        offset: u64,
        /// What is not supported, and what to do about it where something can be done.
        reason: String,
    },
    /// The file ends before what it announces.
    #[error("the GGUF file is cut short: it ends at byte {offset} inside {what}; download it again")]
    Truncated {
        /// What was being read.
        what: String,
        /// Where the file ends, in bytes from its start.
        offset: u64,
    },
    /// The file contradicts the format.
    #[error("the GGUF file is damaged, {what} at byte {offset}: {reason}; download or convert it again")]
    InvalidGguf {
        /// What was being read.
        what: String,
        /// Where, in bytes from the start of the file.
        offset: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// A tensor type this build cannot run.
    #[error("tensor {tensor} has the type {kind}, which is not supported (supported: {supported})")]
    UnsupportedTensorType {
        /// The tensor's name.
        tensor: String,
        /// The name of the type, or its number where it is unknown.
        kind: String,
        /// The types that are supported, comma separated.
        supported: String,
    },

    // --- The model it describes ---
    /// A metadata key that the model cannot do without.
    #[error("the model's metadata lacks {key}")]
    MissingMetadata {
        /// The missing key.
        key: String,
    },
    /// A metadata value of the wrong type or out of range.
    #[error("the model's metadata {key} is not usable: {reason}")]
    InvalidMetadata {
        /// The key.
        key: String,
        /// What is wrong with its value.
        reason: String,
    },
    /// A tokenizer that cannot be built or used.
    #[error("tokenizer: {reason}")]
    Tokenizer {
        /// What is wrong.
        reason: String,
    },
    /// A chat template that is missing or fails.
    #[error("chat template: {reason}")]
    ChatTemplate {
        /// What is wrong.
        reason: String,
    },
}

impl Error {
    /// A stable machine-readable code, the same in Rust, on the command line and in JavaScript.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotGguf { .. } => "not-gguf",
            Self::UnsupportedVersion { .. } => "unsupported-version",
            Self::UnsupportedGguf { .. } => "unsupported-gguf",
            Self::Truncated { .. } => "truncated",
            Self::InvalidGguf { .. } => "invalid-gguf",
            Self::UnsupportedTensorType { .. } => "unsupported-tensor-type",
            Self::MissingMetadata { .. } => "missing-metadata",
            Self::InvalidMetadata { .. } => "invalid-metadata",
            Self::Tokenizer { .. } => "tokenizer",
            Self::ChatTemplate { .. } => "chat-template",
        }
    }
}

/// The result of a call of this crate.
pub type Result<T> = std::result::Result<T, Error>;
