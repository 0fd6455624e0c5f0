//! The threads of inference, apart from those of HTTP.

use std::future::Future;
use std::num::NonZero;

use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

use crate::api_error::{ApiError, ApiResult};

/// Threads that read the engines' events.
const WORKERS: usize = 2;

/// Threads for what engines are asked: everything that may wait for an engine's lock runs there, and what computes for long (rendering,
/// tokenising, compiling grammars, pooling) runs on threads that may wait.
pub(crate) struct Inference {
    /// `None` once it ends.
    runtime: Option<Runtime>,
}

impl Inference {
    pub(crate) fn new() -> std::io::Result<Self> {
        let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
        let runtime = Builder::new_multi_thread()
            .worker_threads(WORKERS)
            .max_blocking_threads(processors.max(2))
            .thread_name("inference")
            .enable_time()
            .build()?;
        Ok(Self { runtime: Some(runtime) })
    }

    /// Starts `work`, which ends when the set is dropped.
    pub(crate) fn start<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> JoinSet<T> {
        let mut tasks = JoinSet::new();
        if let Some(runtime) = &self.runtime {
            tasks.spawn_on(work, runtime.handle());
        }
        tasks
    }

    /// Runs `work` to its end, or until the future is dropped.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = ApiResult<T>> + Send + 'static,
    ) -> ApiResult<T> {
        self.start(work).join_next().await.and_then(Result::ok).unwrap_or_else(|| Err(ApiError::internal()))
    }
}

impl Drop for Inference {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Runs `work` on a thread that may wait; to be called on one of the threads of [`Inference`].
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> ApiResult<T> + Send + 'static) -> ApiResult<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|_| Err(ApiError::internal()))
}
