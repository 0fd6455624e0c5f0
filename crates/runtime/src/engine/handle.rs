//! The ownership of an engine: it ends, with its driver, when nobody can ask for anything any more.

use std::ops::Deref;
use std::sync::Arc;

use super::Inner;
use super::driver::Driving;
use crate::Result;

/// An engine as its callers hold it. The driver holds the rest too, so it is stopped when this is dropped.
pub(super) struct Handle {
    inner: Arc<Inner>,
    driving: Driving,
}

impl Handle {
    pub(super) fn new(inner: Inner) -> Arc<Self> {
        Arc::new(Self { inner: Arc::new(inner), driving: Driving::default() })
    }

    /// Has the driver look after what was just submitted.
    ///
    /// # Errors
    /// [`wgslm_gpu::Error::Gpu`] where the driver can't be started.
    pub(super) fn drive(&self) -> Result<()> {
        self.driving.start(&self.inner)?;
        self.inner.bell.ring();
        Ok(())
    }
}

impl Deref for Handle {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.inner
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.inner.bell.close();
        self.driving.stop();
    }
}
