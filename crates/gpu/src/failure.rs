//! The first error that a device reports outside of any call: its loss, a lack of memory, or a fault of its own.

use std::future::{Future, poll_fn};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;

use crate::memory::Memory;
use crate::signal::Signal;
use crate::{Error, Gpu, Result};

/// The first error that a device has reported, if any.
#[derive(Default)]
pub(crate) struct Failure {
    first: Mutex<Option<Error>>,
    reported: Signal,
}

impl Failure {
    /// Watches `device`, whose buffers `memory` counts.
    pub(crate) fn watch(device: &wgpu::Device, memory: &Arc<Memory>) -> Arc<Self> {
        let failure = Arc::<Self>::default();
        let (reported, memory) = (Arc::clone(&failure), Arc::clone(memory));
        device.on_uncaptured_error(Arc::new(move |error| {
            tracing::error!(%error, "the device reported an error");
            reported.report(match error {
                wgpu::Error::OutOfMemory { .. } => Error::OutOfMemory { bytes: memory.bytes() },
                other => Error::Gpu { reason: other.to_string() },
            });
        }));
        let lost = Arc::clone(&failure);
        // A device that was dropped is reported as lost too, but nobody asks for its failure any more.
        device.set_device_lost_callback(move |_, reason| lost.report(Error::DeviceLost { reason }));
        failure
    }

    fn report(&self, error: Error) {
        self.first.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        self.reported.set(Ok(()));
    }

    fn error(&self) -> Option<Error> {
        self.first.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Gpu {
    /// Returns the first error that the device has reported outside of any call, if any; of a dry run there is none.
    ///
    /// # Errors
    /// [`Error::DeviceLost`], [`Error::OutOfMemory`] or [`Error::Gpu`].
    pub fn check(&self) -> Result<()> {
        let failure = if self.is_dry_run() { None } else { self.failure().error() };
        failure.map_or(Ok(()), Err)
    }

    /// Takes the device for lost, which a call has found before the device's own report; returns the error that [`Self::check`] has from now on.
    pub(crate) fn found_lost(&self, reason: String) -> Error {
        let found = Error::DeviceLost { reason };
        self.failure().report(found.clone());
        self.failure().error().unwrap_or(found)
    }

    /// Resolves once [`Self::check`] returns an error, to that error. One caller at a time is woken.
    pub fn failed(&self) -> impl Future<Output = Error> + use<> {
        let failure = Arc::clone(self.failure());
        poll_fn(move |context| {
            let reported = failure.reported.poll(context).and_then(|_| failure.error());
            reported.map_or(Poll::Pending, Poll::Ready)
        })
    }
}
