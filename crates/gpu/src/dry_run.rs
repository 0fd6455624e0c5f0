//! Dry runs: everything is built as it would be on the device, but its buffers are only counted.

use std::sync::{Arc, Mutex, PoisonError};

use crate::memory::Memory;
use crate::{Error, Gpu};

/// The state of a dry run.
pub(crate) struct DryRun {
    pub(crate) memory: Arc<Memory>,
    /// The buffer that stands in for all others.
    pub(crate) stand_in: wgpu::Buffer,
    /// The error of the largest buffer that doesn't fit a binding.
    too_large: Mutex<Option<Error>>,
}

impl DryRun {
    /// Notes a buffer that doesn't fit a binding.
    pub(crate) fn note(&self, error: Error) {
        let bytes = |error: &Error| if let Error::TooLarge { bytes, .. } = error { *bytes } else { 0 };
        let mut largest = self.too_large.lock().unwrap_or_else(PoisonError::into_inner);
        if largest.as_ref().is_none_or(|largest| bytes(largest) < bytes(&error)) {
            *largest = Some(error);
        }
    }
}

impl Gpu {
    /// The same device for a dry run: its buffers are counted and not made, whatever their size, and nothing is written or compiled. It
    /// tells the memory that something takes by the code that allocates it; programs built on it have no dispatches and can't run.
    #[must_use]
    pub fn dry_run(&self) -> Self {
        let usage = wgpu::BufferUsages::STORAGE;
        let descriptor = wgpu::BufferDescriptor { label: Some("stand-in"), size: 16, usage, mapped_at_creation: false };
        let stand_in = self.device().create_buffer(&descriptor);
        self.with_dry_run(DryRun { memory: Arc::default(), stand_in, too_large: Mutex::default() })
    }

    /// True for a device of [`Self::dry_run`].
    #[must_use]
    pub fn is_dry_run(&self) -> bool {
        self.in_dry_run().is_some()
    }

    /// The error of the largest buffer of a dry run that the device couldn't make.
    #[must_use]
    pub fn too_large(&self) -> Option<Error> {
        self.in_dry_run()?.too_large.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
