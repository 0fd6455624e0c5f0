//! Readback of bytes without stopping the device: the copy is part of a submit, and the wait is a future.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::signal::Signal;
use crate::{Buffer, Gpu};
use crate::{Error, Result};

/// A ring of staging buffers, so that several readbacks can be under way.
pub struct ReadbackRing {
    staging: Vec<Buffer>,
    next: usize,
}

impl ReadbackRing {
    /// A ring of `depth` staging buffers of `size` bytes (a multiple of 4).
    #[must_use]
    pub fn new(gpu: &Gpu, depth: usize, size: u64) -> Self {
        Self { staging: (0..depth.max(1)).map(|_| gpu.staging_buffer(size)).collect(), next: 0 }
    }

    pub(crate) fn take(&mut self) -> Buffer {
        let buffer = self.staging[self.next].clone();
        self.next = (self.next + 1) % self.staging.len();
        buffer
    }
}

/// A readback under way, which resolves to the bytes. Natively the first poll waits for the device; in a browser the event loop
/// does. Dropping it frees the staging buffer for the ring's next use.
pub struct Readback {
    gpu: Gpu,
    staging: Buffer,
    size: u64,
    mapped: Signal,
    submission: Option<wgpu::SubmissionIndex>,
    read: bool,
}

impl Readback {
    pub(crate) fn begin(gpu: &Gpu, staging: Buffer, size: u64, submission: wgpu::SubmissionIndex) -> Self {
        let mapped = Signal::default();
        let signal = mapped.clone();
        staging.raw().map_async(wgpu::MapMode::Read, 0..size, move |result| {
            signal.set(result.map_err(|error| error.to_string()));
        });
        Self { gpu: gpu.clone(), staging, size, mapped, submission: Some(submission), read: false }
    }
}

impl Future for Readback {
    type Output = Result<Vec<u8>>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if let Some(submission) = self.submission.take() {
            self.gpu.wait(submission)?;
        }
        let result = self.mapped.poll(context);
        self.gpu.check()?;
        match result {
            None => Poll::Pending,
            // Only the loss of its device keeps a staging buffer from being mapped; the device's own report may come later.
            Some(Err(reason)) => Poll::Ready(Err(self.gpu.found_lost(reason))),
            Some(Ok(())) => {
                let view = self.staging.raw().get_mapped_range(0..self.size);
                // Only the loss of its device takes a mapped buffer's memory.
                let bytes = view.map(|view| view.to_vec()).map_err(|error| self.gpu.found_lost(error.to_string()));
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

/// Resolves once the device has done all work submitted before this call.
pub(crate) fn finished(gpu: Gpu, submission: wgpu::SubmissionIndex) -> impl Future<Output = Result<()>> {
    let done = Signal::default();
    let signal = done.clone();
    gpu.queue().on_submitted_work_done(move || signal.set(Ok(())));
    async move {
        gpu.wait(submission)?;
        let result = std::future::poll_fn(|context| done.poll(context).map_or(Poll::Pending, Poll::Ready)).await;
        gpu.check()?;
        result.map_err(|reason| Error::Gpu { reason })
    }
}
