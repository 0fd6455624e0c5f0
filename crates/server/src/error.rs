//! The error type of this crate: the reasons for which a server can't run.

use crate::{Address, LoadError};

/// A reason for which a server can't run. What goes wrong with a request is told to its client instead.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An address that can't be listened on.
    #[error(
        "{address} can't be listened on ({source}); stop what listens there, or choose another with --host and --port, or --unix-socket"
    )]
    Bind {
        /// The address.
        address: Address,
        /// The cause.
        source: std::io::Error,
    },
    /// A first model that can't be loaded.
    #[error("the model {name} could not be loaded: {source}")]
    Load {
        /// The model's name.
        name: String,
        /// The cause.
        source: LoadError,
    },
    /// Models of which none or two have a name.
    #[error("{reason}; give each model once, as --model FILE or --model NAME=FILE")]
    Models {
        /// What is wrong with the list.
        reason: String,
    },
    /// An origin or a key that no header can have.
    #[error("{option}={value} is not usable; it should be {expected}")]
    Option {
        /// The option's name.
        option: &'static str,
        /// The value given.
        value: String,
        /// The values allowed.
        expected: &'static str,
    },
    /// Threads or sockets that the system refuses.
    #[error("the server can't run: {0}")]
    Io(#[from] std::io::Error),
}

impl Error {
    /// A stable machine-readable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Bind { .. } => "bind",
            Self::Load { .. } => "load",
            Self::Models { .. } => "models",
            Self::Option { .. } => "invalid-option",
            Self::Io(_) => "io",
        }
    }
}

/// The result of a call of this crate.
pub type Result<T> = std::result::Result<T, Error>;
