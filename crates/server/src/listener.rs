//! The place where a server listens: a port, or a Unix socket.

use std::fmt;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use axum::Router;
use tokio::net::TcpListener;
#[cfg(unix)]
use tokio::net::UnixListener;
use tokio::task::JoinHandle;

use crate::{Error, Result};

/// The address of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A port of an IP address.
    Tcp(SocketAddr),
    /// The path of a Unix socket, for programs on the same machine whose user may open it.
    Unix(PathBuf),
}

impl From<SocketAddr> for Address {
    fn from(address: SocketAddr) -> Self {
        Self::Tcp(address)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => write!(formatter, "http://{address}"),
            Self::Unix(path) => write!(formatter, "unix:{}", path.display()),
        }
    }
}

/// A bound address.
pub(crate) enum Listener {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix(UnixListener, Socket),
}

impl Listener {
    /// Listens at an address.
    ///
    /// # Errors
    /// [`Error::Bind`].
    pub(crate) async fn bind(address: &Address) -> Result<Self> {
        let failed = |source| Error::Bind { address: address.clone(), source };
        match address {
            Address::Tcp(address) => Ok(Self::Tcp(TcpListener::bind(address).await.map_err(failed)?)),
            #[cfg(unix)]
            Address::Unix(path) => {
                remove_stale(path).await.map_err(failed)?;
                Ok(Self::Unix(UnixListener::bind(path).map_err(failed)?, Socket(path.clone())))
            }
            #[cfg(not(unix))]
            Address::Unix(_) => Err(failed(ErrorKind::Unsupported.into())),
        }
    }

    /// The address, with the port that the system chose.
    pub(crate) fn address(&self) -> Result<Address> {
        match self {
            Self::Tcp(listener) => Ok(Address::Tcp(listener.local_addr()?)),
            #[cfg(unix)]
            Self::Unix(_, Socket(path)) => Ok(Address::Unix(path.clone())),
        }
    }

    /// Answers connections in a task, until `closing` ends and all have closed.
    pub(crate) fn serve(
        self,
        router: Router,
        closing: impl Future<Output = ()> + Send + 'static,
    ) -> JoinHandle<std::io::Result<()>> {
        match self {
            Self::Tcp(listener) => {
                tokio::spawn(axum::serve(listener, router).with_graceful_shutdown(closing).into_future())
            }
            #[cfg(unix)]
            Self::Unix(listener, socket) => tokio::spawn(async move {
                // Its file goes with the task.
                let _socket = socket;
                axum::serve(listener, router).with_graceful_shutdown(closing).await
            }),
        }
    }
}

/// The file of a socket, which is removed in the end.
#[cfg(unix)]
pub(crate) struct Socket(PathBuf);

#[cfg(unix)]
impl Drop for Socket {
    fn drop(&mut self) {
        // Somebody else may have removed it.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Removes a socket's file that a killed server has left; one that somebody listens at stays, and so does any other file.
#[cfg(unix)]
async fn remove_stale(path: &Path) -> std::io::Result<()> {
    match tokio::net::UnixStream::connect(path).await {
        Err(error) if error.kind() == ErrorKind::ConnectionRefused && is_socket(path) => std::fs::remove_file(path),
        _ => Ok(()),
    }
}

#[cfg(unix)]
fn is_socket(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt as _;
    path.metadata().is_ok_and(|metadata| metadata.file_type().is_socket())
}
