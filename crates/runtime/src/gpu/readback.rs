//! Bytes back from the device, without stopping it: the copy is part of a submit, and the wait is a future.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use super::{Buffer, Gpu};
use crate::{Error, Result};

/// Staging buffers used in turn, so that several readbacks can be under way.
pub struct ReadbackRing {
    staging: Vec<Buffer>,
    next: usize,
}

impl ReadbackRing {
    /// `depth` staging buffers of `size` bytes (a multiple of 4).
    #[must_use]
    pub fn new(gpu: &Gpu, depth: usize, size: u64) -> Self {
        Self { staging: (0..depth.max(1)).map(|_| gpu.staging_buffer(size)).collect(), next: 0 }
    }

    /// How many readbacks can be under way at a time.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.staging.len()
    }

    pub(super) fn take(&mut self) -> Buffer {
        let buffer = self.staging[self.next].clone();
        self.next = (self.next + 1) % self.staging.len();
        buffer
    }
}

#[derive(Default)]
struct Mapping {
    result: Option<std::result::Result<(), String>>,
    waker: Option<Waker>,
}

/// Bytes on their way back. Natively the first poll waits for the device; in a browser the wait is the browser's.
/// Dropping it gives the staging buffer up for the ring's next use.
pub struct Readback {
    gpu: Gpu,
    staging: Buffer,
    size: u64,
    mapping: Arc<Mutex<Mapping>>,
    submission: Option<wgpu::SubmissionIndex>,
    read: bool,
}

impl Readback {
    pub(super) fn begin(gpu: &Gpu, staging: Buffer, size: u64, submission: wgpu::SubmissionIndex) -> Self {
        let mapping = Arc::<Mutex<Mapping>>::default();
        let shared = Arc::clone(&mapping);
        staging.raw().map_async(wgpu::MapMode::Read, 0..size, move |result| {
            let mut mapping = shared.lock().unwrap_or_else(PoisonError::into_inner);
            mapping.result = Some(result.map_err(|error| error.to_string()));
            if let Some(waker) = mapping.waker.take() {
                waker.wake();
            }
        });
        Self { gpu: gpu.clone(), staging, size, mapping, submission: Some(submission), read: false }
    }
}

impl Future for Readback {
    type Output = Result<Vec<u8>>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if let Some(submission) = self.submission.take() {
            self.mapping.lock().unwrap_or_else(PoisonError::into_inner).waker = Some(context.waker().clone());
            self.gpu.wait(submission)?;
        }
        let result = {
            let mut mapping = self.mapping.lock().unwrap_or_else(PoisonError::into_inner);
            mapping.waker = Some(context.waker().clone());
            mapping.result.take()
        };
        self.gpu.check()?;
        match result {
            None => Poll::Pending,
            Some(Err(reason)) => Poll::Ready(Err(Error::Gpu { reason })),
            Some(Ok(())) => {
                let view = self.staging.raw().get_mapped_range(0..self.size);
                let bytes = view.map(|view| view.to_vec()).map_err(|error| Error::Gpu { reason: error.to_string() });
                self.staging.raw().unmap();
                self.read = true;
                Poll::Ready(bytes)
            }
        }
    }
}

impl Drop for Readback {
    fn drop(&mut self) {
        if !self.read {
            self.staging.raw().unmap();
        }
    }
}
