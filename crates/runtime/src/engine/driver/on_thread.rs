//! The driver on a thread of its own.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::task::Wake;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::super::Inner;
use super::mask_threads::MaskThreads;
use super::{Driver, Pause};
use crate::Result;

/// Wakes the driver.
#[derive(Default)]
pub(in crate::engine) struct Bell {
    calls: Mutex<Calls>,
    condition: Condvar,
}

#[derive(Default)]
struct Calls {
    rung: bool,
    closed: bool,
}

impl Bell {
    /// Has the driver plan again.
    pub(in crate::engine) fn ring(&self) {
        self.call(|calls| calls.rung = true);
    }

    /// Has the driver end.
    pub(in crate::engine) fn close(&self) {
        self.call(|calls| calls.closed = true);
    }

    fn call(&self, set: impl FnOnce(&mut Calls)) {
        set(&mut self.calls.lock().unwrap_or_else(PoisonError::into_inner));
        self.condition.notify_all();
    }

    /// Waits for a call, at most for `time`.
    fn wait(&self, time: Option<Duration>) {
        let calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        let quiet = |calls: &mut Calls| !calls.rung && !calls.closed;
        let mut calls = match time {
            None => self.condition.wait_while(calls, quiet).unwrap_or_else(PoisonError::into_inner),
            Some(time) => {
                self.condition.wait_timeout_while(calls, time, quiet).unwrap_or_else(PoisonError::into_inner).0
            }
        };
        calls.rung = false;
    }

    fn is_closed(&self) -> bool {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).closed
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.ring();
    }
}

/// The thread of the driver, started by the first request.
#[derive(Default)]
pub(in crate::engine) struct Driving {
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Driving {
    /// Starts the driver, unless it runs.
    ///
    /// # Errors
    /// [`wgslm_gpu::Error::Gpu`] where the system has no thread left.
    pub(in crate::engine) fn start(&self, inner: &Arc<Inner>) -> Result<()> {
        let mut started = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        if started.is_none() {
            let inner = Arc::clone(inner);
            let thread = thread::Builder::new().name("wgslm-driver".to_owned()).spawn(move || drive(&inner));
            let error = |error| wgslm_gpu::Error::Gpu { reason: format!("the engine's thread can't start: {error}") };
            *started = Some(thread.map_err(error)?);
        }
        Ok(())
    }

    /// Waits for the driver's end. The caller has closed its bell.
    pub(in crate::engine) fn stop(&self) {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        // The last owner may be a waker that the driver itself calls.
        if let Some(thread) = thread.filter(|driver| driver.thread().id() != thread::current().id())
            && let Err(panic) = thread.join()
            && !thread::panicking()
        {
            std::panic::resume_unwind(panic);
        }
    }
}

fn drive(inner: &Inner) {
    let _guard = FailAll(inner);
    thread::scope(|scope| {
        let mut masks = MaskThreads::new(scope, inner);
        let mut driver = Driver::default();
        while !inner.bell.is_closed() {
            let pause = driver.advance(inner);
            if let Some((job, holds_others)) = inner.next_masks() {
                // Telling another thread takes time, from which only others gain.
                if holds_others {
                    masks.compute(job);
                } else {
                    inner.compute_masks(job);
                }
                continue;
            }
            match pause {
                Pause::Readback => {
                    let Some(oldest) = driver.steps.front_mut() else { continue };
                    let result = pollster::block_on(&mut oldest.readback);
                    driver.read(inner, result);
                }
                Pause::Call(until) => inner.bell.wait(until.map(|time| time.saturating_sub(inner.now()))),
                Pause::Idle => inner.bell.wait(None),
            }
        }
    });
}

/// Ends all requests where the driver or one of its threads panics, so that nobody waits for it.
pub(super) struct FailAll<'a>(pub(super) &'a Inner);

impl Drop for FailAll<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            let reason = "the engine's thread has panicked, which is a bug in wgslm; load the model again".to_owned();
            self.0.fail_all(&wgslm_gpu::Error::Gpu { reason });
        }
    }
}
