//! Threads that compute masks while the driver goes on with other requests.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, Scope};

use super::super::Inner;
use super::driving::FailAll;
use super::masks::MaskJob;

/// The most threads.
const MOST: usize = 4;

/// Threads that the first masks start and that end with the driver, after the masks that they compute then.
pub(super) struct MaskThreads<'scope, 'env> {
    scope: &'scope Scope<'scope, 'env>,
    inner: &'scope Inner,
    started: usize,
    jobs: Sender<MaskJob>,
    waiting: Arc<Mutex<Receiver<MaskJob>>>,
}

impl<'scope, 'env> MaskThreads<'scope, 'env> {
    pub(super) fn new(scope: &'scope Scope<'scope, 'env>, inner: &'scope Inner) -> Self {
        let (jobs, waiting) = channel();
        Self { scope, inner, started: 0, jobs, waiting: Arc::new(Mutex::new(waiting)) }
    }

    /// Computes masks on one of the threads, or here where the system has none left.
    pub(super) fn compute(&mut self, job: MaskJob) {
        self.started += usize::from(self.started < MOST && self.start());
        if self.started == 0 {
            return self.inner.compute_masks(job);
        }
        // What receives is here too.
        let _ = self.jobs.send(job);
    }

    /// Starts a thread; false where the system has none left.
    fn start(&self) -> bool {
        let (inner, waiting) = (self.inner, Arc::clone(&self.waiting));
        let run = move || {
            let _guard = FailAll(inner);
            let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
            while let Ok(job) = next() {
                inner.compute_masks(job);
                inner.bell.ring();
            }
        };
        Builder::new().name("wgslm-masks".to_owned()).spawn_scoped(self.scope, run).is_ok()
    }
}
