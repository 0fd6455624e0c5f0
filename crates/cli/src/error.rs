//! What the command line can fail with.

use std::path::{Path, PathBuf};

/// An error, told on stderr.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// From the library.
    #[error(transparent)]
    Wgslm(#[from] wgslm::Error),
    /// A file that can't be read or written.
    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: std::io::Error },
    /// A file that would be written over while it's read.
    #[error("{} is the file that is read; choose another name for the one to be written", path.display())]
    SameFile { path: PathBuf },
    /// A text that doesn't fill a window.
    #[error("the text has {tokens} tokens, and a window takes {context}; choose a longer text or a smaller --context")]
    ShortText { tokens: usize, context: u32 },
    /// One of several texts that can't be embedded.
    #[error("text {number}: {source}")]
    Text { number: usize, source: wgslm::Error },
    /// A folder that isn't one model.
    #[error("{}: {source}", path.display())]
    Folder { path: PathBuf, source: wgslm::Error },
    /// Output that can't be written.
    #[error("the output could not be written: {0}")]
    Output(#[from] std::io::Error),
    /// An object that can't be printed.
    #[error("the output could not be written: {0}")]
    Json(#[from] serde_json::Error),
}

/// The crates below the library have errors of their own, which are the library's too.
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
    /// For `map_err`: names the file.
    pub(crate) fn file(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { path, source }
    }

    /// Whether the reader of the output has gone.
    pub(crate) fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == std::io::ErrorKind::BrokenPipe)
            || matches!(self, Self::Json(error) if error.io_error_kind() == Some(std::io::ErrorKind::BrokenPipe))
    }
}

pub(crate) type Result<T> = std::result::Result<T, Error>;
