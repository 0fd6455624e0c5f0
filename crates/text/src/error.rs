//! The error type of this crate: every way in which turning text to tokens or back can fail, with a stable code.

/// Every message says what happened, where, and what the user can do next.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An error of the model's files, the tokenizer's part of them included.
    #[error(transparent)]
    File(#[from] wgslm_formats::Error),
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
            Self::File(error) => error.code(),
            Self::Tokenizer { .. } => "tokenizer",
            Self::ChatTemplate { .. } => "chat-template",
        }
    }

    /// A metadata key that a tokenizer cannot do without.
    pub(crate) fn missing_metadata(key: &str) -> Self {
        wgslm_formats::Error::MissingMetadata { key: key.to_owned() }.into()
    }

    /// A metadata value that a tokenizer cannot use.
    pub(crate) fn invalid_metadata(key: &str, reason: String) -> Self {
        wgslm_formats::Error::InvalidMetadata { key: key.to_owned(), reason }.into()
    }
}

/// The result of a call of this crate.
pub type Result<T> = std::result::Result<T, Error>;
