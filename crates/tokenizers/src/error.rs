//! The error type of this crate.

/// An error of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A `tokenizer.json` that is damaged, or asks for what is not supported.
    #[error("tokenizer.json can't be used: {reason}")]
    Unusable {
        /// The cause.
        reason: String,
    },
}

impl Error {
    /// A stable machine-readable code, the same in Rust, on the command line and in JavaScript.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unusable { .. } => "tokenizer",
        }
    }

    pub(crate) fn unusable(reason: impl std::fmt::Display) -> Self {
        Self::Unusable { reason: reason.to_string() }
    }
}

/// The result of a call of this crate.
pub type Result<T> = std::result::Result<T, Error>;
