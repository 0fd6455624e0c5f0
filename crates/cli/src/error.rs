//! The errors of the command line.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// An error of a command, printed on stderr.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// An error of the library.
    #[error(transparent)]
    Wgslm(#[from] wgslm::Error),
    /// A file that can't be read or written.
    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: std::io::Error },
    /// An output file that is also the input file.
    #[error("{} is both the input and the output; choose another output file", path.display())]
    SameFile { path: PathBuf },
    /// A text shorter than one window of `wgslm perplexity`.
    #[error("the text has {tokens} tokens, fewer than a window's {context}; choose a longer text or lower --context")]
    ShortText { tokens: usize, context: u32 },
    /// A text that can't be embedded, by its number among several.
    #[error("text {number}: {source}")]
    Text { number: usize, source: wgslm::Error },
    /// A folder that doesn't hold the files of exactly one model.
    #[error("{}: {source}", path.display())]
    Folder { path: PathBuf, source: wgslm::Error },
    /// A server that can't run.
    #[error(transparent)]
    Server(#[from] wgslm_server::Error),
    /// A server that doesn't answer a probe, or not with 200.
    #[error("http://{address}{path}: {reason}; see the server's log, or name its --host and --port")]
    Health { address: SocketAddr, path: &'static str, reason: String },
    /// A grammar that can't be used.
    #[error(transparent)]
    Grammar(#[from] wgslm_grammar::Error),
    /// Standard input that can't be read.
    #[error("the input could not be read: {0}")]
    Input(std::io::Error),
    /// Standard output that can't be written.
    #[error("the output could not be written: {0}")]
    Output(#[from] std::io::Error),
    /// A JSON object that can't be written to standard output.
    #[error("the output could not be written: {0}")]
    Json(#[from] serde_json::Error),
}

/// Converts the errors of lower crates by way of the library's error.
macro_rules! from_library {
    ($($error:ty),*) => {
        $(impl From<$error> for Error {
            fn from(error: $error) -> Self {
                Self::Wgslm(error.into())
            }
        })*
    };
}

from_library!(wgslm::formats::Error, wgslm::gpu::Error, wgslm::text::Error);

impl Error {
    /// Wraps an I/O error with the file's path, for `map_err`.
    pub(crate) fn file(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { path, source }
    }

    /// True if the reader of standard output has closed the pipe.
    pub(crate) fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == std::io::ErrorKind::BrokenPipe)
            || matches!(self, Self::Json(error) if error.io_error_kind() == Some(std::io::ErrorKind::BrokenPipe))
    }
}

pub(crate) type Result<T> = std::result::Result<T, Error>;
