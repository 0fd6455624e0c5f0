//! The end of a server: it is no longer ready at once, and answers that run may finish.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::api_error::{ApiError, ApiResult};

/// The requests under way, and whether there may be more.
#[derive(Debug)]
pub(crate) struct Work {
    state: watch::Sender<State>,
}

#[derive(Clone, Copy, Debug, Default)]
struct State {
    running: usize,
    stopping: bool,
}

/// A request under way, until it is dropped.
#[derive(Debug)]
pub(crate) struct Running(Arc<Work>);

impl Work {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { state: watch::Sender::new(State::default()) })
    }

    /// Begins a request.
    ///
    /// # Errors
    /// One with the status 503 where the server stops.
    pub(crate) fn begin(self: &Arc<Self>) -> ApiResult<Running> {
        let mut stopping = false;
        self.state.send_modify(|state| {
            stopping = state.stopping;
            state.running += usize::from(!stopping);
        });
        if stopping {
            return Err(ApiError::unavailable("shutting_down", "the server is stopping; ask another one, or later"));
        }
        Ok(Running(Arc::clone(self)))
    }

    /// True once the server stops.
    pub(crate) fn is_stopping(&self) -> bool {
        self.state.borrow().stopping
    }

    /// The requests under way.
    pub(crate) fn running(&self) -> usize {
        self.state.borrow().running
    }

    /// Refuses new requests, and waits until those under way have ended, or for the grace period.
    pub(crate) async fn stop(&self, grace_period: Duration) {
        self.state.send_modify(|state| state.stopping = true);
        let mut state = self.state.subscribe();
        let ended = state.wait_for(|state| state.running == 0);
        if tokio::time::timeout(grace_period, ended).await.is_err() {
            tracing::warn!("{} requests were cut off at the end of the grace period", self.running());
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.state.send_modify(|state| state.running -= 1);
    }
}
