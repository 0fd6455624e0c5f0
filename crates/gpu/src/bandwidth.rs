//! How fast the device moves memory: what a decode step, which reads every weight once, can be held against.

use web_time::Instant;

use crate::Result;
use crate::{Buffer, Gpu};

/// Bytes of each of the two buffers: more than caches hold, and little beside a model.
const BYTES: u64 = 256 << 20;
/// The same where the "GPU" is the CPU, which takes its time.
const SOFTWARE_BYTES: u64 = 64 << 20;
/// Copies in one submit.
const COPIES: u64 = 16;
/// Submits, of which the fastest counts.
const ROUNDS: usize = 5;

impl Gpu {
    /// Copies between two buffers and gives the bytes read and written a second, at best. Takes up to 512 MiB for as long as
    /// that lasts.
    ///
    /// # Errors
    /// As [`Self::check`].
    pub async fn copy_bytes_per_s(&self) -> Result<f64> {
        let capabilities = self.capabilities();
        let wanted = if capabilities.software { SOFTWARE_BYTES } else { BYTES };
        // A device of small buffers has little memory.
        let bytes = wanted.min(capabilities.max_buffer / 4) / 4 * 4;
        let copies = if capabilities.software { COPIES / 8 } else { COPIES };
        let usage = wgpu::BufferUsages::COPY_SRC | wgpu::BufferUsages::COPY_DST;
        let buffers = [self.buffer("copy", bytes, usage), self.buffer("copy", bytes, usage)];
        self.copy(&buffers, copies).await?;
        let mut fastest = f64::INFINITY;
        for _ in 0..ROUNDS {
            let began = Instant::now();
            self.copy(&buffers, copies).await?;
            fastest = fastest.min(began.elapsed().as_secs_f64());
        }
        Ok((2 * bytes * copies) as f64 / fastest.max(1e-9))
    }

    /// Copies one buffer to the other and back, in turn, until it's done.
    async fn copy(&self, [a, b]: &[Buffer; 2], copies: u64) -> Result<()> {
        let mut encoder = self.device().create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        for copy in 0..copies {
            let (from, to) = if copy % 2 == 0 { (a, b) } else { (b, a) };
            encoder.copy_buffer_to_buffer(from.raw(), 0, to.raw(), 0, from.size());
        }
        self.queue().submit([encoder.finish()]);
        self.finished().await
    }
}
