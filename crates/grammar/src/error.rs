//! The error type of this crate: every way in which a grammar can't be used, with a stable code.

/// An error of this crate. Its message says what happened, where, and what the user can do next.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An error while an answer follows its grammar.
    #[error(transparent)]
    Text(#[from] wgslm_text::Error),
    /// A grammar that breaks the rules of its notation, or that nothing can match.
    #[error("the {notation} is not usable: {reason}")]
    InvalidGrammar {
        /// The notation, such as `JSON Schema`.
        notation: &'static str,
        /// The cause.
        reason: String,
    },
    /// A grammar that asks for what is not supported.
    #[error("the {notation} asks for what is not supported; leave it out or say it otherwise: {reason}")]
    UnsupportedGrammar {
        /// The notation, such as `JSON Schema`.
        notation: &'static str,
        /// The cause, which names the part.
        reason: String,
    },
    /// A grammar beyond the limits.
    #[error("the {notation} is too complex; make it smaller, or raise the limits: {reason}")]
    GrammarTooComplex {
        /// The notation, such as `JSON Schema`.
        notation: &'static str,
        /// The limit.
        reason: String,
    },
    /// A vocabulary that grammars can't be compiled for.
    #[error("grammars can't use this vocabulary: {reason}")]
    GrammarVocabulary {
        /// The cause.
        reason: String,
    },
}

impl Error {
    /// A stable machine-readable code, the same in Rust, on the command line and in JavaScript.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Text(error) => error.code(),
            Self::InvalidGrammar { .. } => "invalid-grammar",
            Self::UnsupportedGrammar { .. } => "unsupported-grammar",
            Self::GrammarTooComplex { .. } => "grammar-too-complex",
            Self::GrammarVocabulary { .. } => "grammar-vocabulary",
        }
    }

    /// The error for what llguidance refuses: it has messages only, so the kind is read from them.
    pub(crate) fn refused(notation: &'static str, error: &anyhow::Error) -> Self {
        let reason = message(error);
        let says = |parts: &[&str]| parts.iter().any(|part| reason.contains(part));
        if says(&["too big", "too complex", "too large", "too many", "too deeply", "fuel", "limit for this grammar"]) {
            Self::GrammarTooComplex { notation, reason }
        } else if says(&[
            "not supported",
            "nimplemented",
            "not implemented",
            "nsupported",
            "Unknown format",
            "Only absolute $ref",
        ]) {
            Self::UnsupportedGrammar { notation, reason }
        } else {
            Self::InvalidGrammar { notation, reason }
        }
    }
}

/// The message of an error of llguidance, with its causes and without the stack of a panic.
pub(crate) fn message(error: &anyhow::Error) -> String {
    let whole = format!("{error:#}");
    whole.split("\n<backtrace>").next().unwrap_or_default().trim_end().to_owned()
}

/// The result of a call of this crate.
pub type Result<T> = std::result::Result<T, Error>;
