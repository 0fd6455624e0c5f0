//! The requests that a model takes at a time.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::api_error::{ApiError, ApiResult};

/// The time after which there is likely to be a place, where no engine knows better.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// The places of a model's requests: those that run, and those that wait. It also bounds what waits to be tokenised, which no engine
/// sees.
#[derive(Debug)]
pub(crate) struct Admission {
    places: Arc<Semaphore>,
}

impl Admission {
    pub(crate) fn new(places: u32) -> Self {
        Self { places: Arc::new(Semaphore::new(places as usize)) }
    }

    /// A place until it is dropped.
    ///
    /// # Errors
    /// One with the status 429 where all are taken.
    pub(crate) fn enter(&self) -> ApiResult<OwnedSemaphorePermit> {
        Arc::clone(&self.places).try_acquire_owned().map_err(|_| ApiError::busy(RETRY_AFTER))
    }
}
