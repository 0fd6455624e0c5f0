//! The error type of this crate: every way in which turning text to tokens or back can fail, with a stable code.

/// An error of this crate. Its message says what happened, where, and what the user can do next.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An error in the model's files, including their tokenizer.
    #[error(transparent)]
    File(#[from] wgslm_formats::Error),
    /// A tokenizer that cannot be built or used.
    #[error("tokenizer: {reason}")]
    Tokenizer {
        /// The cause.
        reason: String,
    },
    /// A chat template that is missing or fails.
    #[error("chat template: {reason}")]
    ChatTemplate {
        /// The cause.
        reason: String,
    },
    /// A part of a message that no template or model here can use.
    #[error("message content: parts of the kind {kind:?} are not supported; send text parts only")]
    UnsupportedContent {
        /// The part's `type`.
        kind: String,
    },
    /// A tool that is no function, or a choice of one that isn't there.
    #[error("tools: {reason}")]
    Tool {
        /// The cause.
        reason: String,
    },
    /// A call in the conversation whose arguments are no JSON object.
    #[error(
        "the arguments of a call of {tool:?} are no JSON object ({reason}); correct the call in the conversation or leave it out"
    )]
    ToolArguments {
        /// The name of the called tool.
        tool: String,
        /// The cause.
        reason: String,
    },
    /// A grammar that can't be followed any further.
    #[error("the answer can't follow its grammar: {reason}")]
    Grammar {
        /// The cause.
        reason: String,
    },
    /// A token that a grammar doesn't allow where it was committed.
    #[error("the grammar doesn't allow token {token} here; choose a token that its mask allows")]
    TokenRefused {
        /// The token's id.
        token: u32,
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
            Self::UnsupportedContent { .. } => "unsupported-content",
            Self::Tool { .. } => "tool",
            Self::ToolArguments { .. } => "tool-arguments",
            Self::Grammar { .. } => "grammar",
            Self::TokenRefused { .. } => "token-refused",
        }
    }

    /// The error for a metadata key that a tokenizer needs and the file lacks.
    pub(crate) fn missing_metadata(key: &str) -> Self {
        wgslm_formats::Error::MissingMetadata { key: key.to_owned() }.into()
    }

    /// The error for a metadata value that a tokenizer can't use.
    pub(crate) fn invalid_metadata(key: &str, reason: String) -> Self {
        wgslm_formats::Error::InvalidMetadata { key: key.to_owned(), reason }.into()
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl From<wgslm_tokenizers::Error> for Error {
    fn from(error: wgslm_tokenizers::Error) -> Self {
        Self::Tokenizer { reason: error.to_string() }
    }
}

/// The result of a call of this crate.
pub type Result<T> = std::result::Result<T, Error>;
