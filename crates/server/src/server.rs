//! A server, from its start to its end.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::sync::oneshot;

use crate::access::Keys;
use crate::inference::Inference;
use crate::listener::{Address, Listener};
use crate::metrics::Metrics;
use crate::registry::Registry;
use crate::shutdown::Work;
use crate::state::{Shared, State};
use crate::{ModelSource, Result, ServerOptions, routes};

/// The time that connections have to close once all answers have ended.
const CLOSING: Duration = Duration::from_secs(2);

/// A server that listens.
pub struct Server {
    listener: Listener,
    router: Router,
    state: State,
}

impl Server {
    /// Listens for requests to models, of which the first is the default.
    ///
    /// # Errors
    /// [`Error::Models`](crate::Error::Models), [`Error::Option`](crate::Error::Option), [`Error::Bind`](crate::Error::Bind), [`Error::Io`](crate::Error::Io).
    pub async fn bind(models: Vec<ModelSource>, options: ServerOptions) -> Result<Self> {
        let metrics = Metrics::new();
        let state = Arc::new(Shared {
            keys: Keys::new(&options.api_keys)?,
            registry: Registry::new(models, &options, metrics.loads())?,
            inference: Inference::new()?,
            metrics,
            work: Work::new(),
            options,
        });
        let router = routes::router(&state)?;
        let listener = Listener::bind(&state.options.address).await?;
        Ok(Self { listener, router, state })
    }

    /// The address that it listens on.
    ///
    /// # Errors
    /// [`Error::Io`](crate::Error::Io).
    pub fn address(&self) -> Result<Address> {
        self.listener.address()
    }

    /// Loads the first model, and answers until `stop` ends. From then on it isn't ready and refuses requests, and running answers have
    /// the grace period to end.
    ///
    /// # Errors
    /// [`Error::Load`](crate::Error::Load) where the first model can't be loaded, [`Error::Io`](crate::Error::Io).
    pub async fn run(self, stop: impl Future<Output = ()> + Send) -> Result<()> {
        let Self { listener, router, state } = self;
        let (close, closed) = oneshot::channel::<()>();
        let closing = async move {
            // An error says that nobody waits any more.
            let _ = closed.await;
        };
        let mut serving = listener.serve(router, closing);
        let stopped = async {
            let load = async {
                match state.registry.load_first().await {
                    Ok(()) => std::future::pending().await,
                    Err(error) => Err(error),
                }
            };
            tokio::select! {
                error = load => error,
                () = stop => {
                    state.work.stop(state.options.grace_period).await;
                    Ok(())
                }
            }
        };
        let result = tokio::select! {
            result = stopped => result,
            served = &mut serving => return Ok(served.map_err(std::io::Error::other)??),
        };
        // The receiver is there until the task ends.
        let _ = close.send(());
        if tokio::time::timeout(CLOSING, &mut serving).await.is_err() {
            serving.abort();
        }
        result
    }
}
