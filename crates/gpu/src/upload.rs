//! Uploads through staging buffers that are mapped, written, copied from by the device and mapped again.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::task::Poll;

use crate::mapped::Mapped;
use crate::signal::Signal;
use crate::{Buffer, DispatchSize, Gpu, Program, Region, Result};

/// A ring of staging buffers, so that one is written while the device copies from others.
pub struct UploadRing {
    gpu: Gpu,
    size: u64,
    depth: usize,
    /// Mapped buffers that nobody writes.
    free: Vec<Buffer>,
    /// Buffers that the device copies from, in the order of their submits.
    under_way: VecDeque<UnderWay>,
}

/// A staging buffer that the device copies from, and that is mapped again afterwards.
struct UnderWay {
    staging: Buffer,
    mapped: Signal,
    submission: wgpu::SubmissionIndex,
}

/// A mapped staging buffer.
pub struct Upload {
    // Before the buffer: a view ends before its mapping does.
    memory: Mapped,
    staging: Buffer,
}

impl Upload {
    fn of(staging: Buffer) -> Result<Self> {
        Ok(Self { memory: Mapped::of(&staging)?, staging })
    }

    /// Writes `bytes` from byte `offset` on.
    ///
    /// # Panics
    /// Where they go beyond the buffer.
    pub fn write(&mut self, offset: usize, bytes: &[u8]) {
        self.memory.write(offset, bytes);
    }

    /// So many bytes from byte `offset` on, as JavaScript can read and write them in place until the upload is submitted.
    #[cfg(target_arch = "wasm32")]
    #[must_use]
    pub fn array(&self, offset: usize, length: usize) -> js_sys::Uint8Array {
        self.memory.array(offset, length)
    }
}

/// The commands of one submit, in their order.
pub struct Commands {
    encoder: wgpu::CommandEncoder,
}

impl Commands {
    /// Copies a region to byte `offset` (a multiple of 4) of another buffer.
    pub fn copy(&mut self, Region { buffer, offset, size }: &Region, to: &Buffer, to_offset: u64) {
        let (from, from_offset) = (buffer.raw(), buffer.offset() + offset);
        self.encoder.copy_buffer_to_buffer(from, from_offset, to.raw(), to.offset() + to_offset, *size);
    }

    /// Runs a program.
    pub fn run<S: DispatchSize>(&mut self, program: &Program<S>, run: S::Run) {
        program.record(&mut self.encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default()), run);
    }
}

impl UploadRing {
    /// A ring of up to `depth` staging buffers of `size` bytes (a multiple of 8), which are made when they are first needed.
    #[must_use]
    pub fn new(gpu: &Gpu, depth: usize, size: u64) -> Self {
        Self { gpu: gpu.clone(), size, depth: depth.max(1), free: Vec::new(), under_way: VecDeque::new() }
    }

    /// Bytes of a staging buffer.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// A mapped staging buffer. Where all are under way, natively it waits for the oldest; in a browser, where only
    /// [`Self::ready`] can wait, it makes another.
    ///
    /// # Errors
    /// As [`Gpu::check`].
    pub fn take(&mut self) -> Result<Upload> {
        self.collect()?;
        if self.free.is_empty()
            && self.under_way.len() >= self.depth
            && let Some(UnderWay { submission, .. }) = self.under_way.front()
        {
            self.gpu.wait(submission.clone())?;
            self.collect()?;
        }
        Upload::of(self.free.pop().unwrap_or_else(|| self.gpu.mapped_buffer(self.size)))
    }

    /// Resolves once [`Self::take`] needn't wait.
    ///
    /// # Errors
    /// As [`Gpu::check`].
    pub fn ready(&self) -> impl Future<Output = Result<()>> + use<> {
        let oldest = self.under_way.front().filter(|_| self.free.is_empty() && self.under_way.len() >= self.depth);
        let oldest = oldest.map(|oldest| (oldest.mapped.clone(), oldest.submission.clone()));
        let gpu = self.gpu.clone();
        async move {
            if let Some((mapped, submission)) = oldest {
                gpu.wait(submission)?;
                // Only the loss of the device keeps a buffer from being mapped, and taking it reports that.
                let _ = poll_fn(|context| mapped.poll(context).map_or(Poll::Pending, Poll::Ready)).await;
            }
            gpu.check()
        }
    }

    /// Submits what was written to `upload`, with the commands that read it, and maps it again once the device has done them.
    pub fn submit(&mut self, upload: Upload, record: impl FnOnce(&mut Commands, &Buffer)) {
        let Upload { memory, staging } = upload;
        drop(memory);
        staging.raw().unmap();
        let descriptor = wgpu::CommandEncoderDescriptor::default();
        let mut commands = Commands { encoder: self.gpu.device().create_command_encoder(&descriptor) };
        record(&mut commands, &staging);
        let submission = self.gpu.queue().submit([commands.encoder.finish()]);
        if self.free.len() + self.under_way.len() >= self.depth {
            return;
        }
        let mapped = Signal::default();
        let signal = mapped.clone();
        staging.raw().map_async(wgpu::MapMode::Write, .., move |result| {
            signal.set(result.map_err(|error| error.to_string()));
        });
        self.under_way.push_back(UnderWay { staging, mapped, submission });
    }

    /// Moves the buffers that are mapped again to the free ones.
    fn collect(&mut self) -> Result<()> {
        self.gpu.poll();
        while let Some(outcome) = self.under_way.front().and_then(|oldest| oldest.mapped.outcome()) {
            if let Some(UnderWay { staging, .. }) = self.under_way.pop_front()
                && outcome.is_ok()
            {
                self.free.push(staging);
            }
        }
        self.gpu.check()
    }
}
