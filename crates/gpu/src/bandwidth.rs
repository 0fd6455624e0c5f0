//! Memory bandwidth, measured: the bound on decode speed, since a decode step reads every weight once.

use web_time::Instant;

use crate::Result;
use crate::{Buffer, Gpu};

/// Bytes in each of the two buffers: more than caches hold, and little beside a model.
const BYTES: u64 = 256 << 20;
/// Bytes in each buffer on a software adapter, which copies slowly.
const SOFTWARE_BYTES: u64 = 64 << 20;
/// Copies in one submit.
const COPIES: u64 = 16;
/// Timed submits, of which the fastest counts.
const ROUNDS: usize = 5;

impl Gpu {
    /// Measures memory bandwidth by copying between two buffers: bytes read plus bytes written a second, in the fastest run. The
    /// buffers take up to 512 MiB of device memory meanwhile.
    ///
    /// # Errors
    /// As [`Self::check`].
    #[doc(hidden)]
    pub async fn copy_bytes_per_s(&self) -> Result<f64> {
        let capabilities = self.capabilities();
        let wanted = if capabilities.software { SOFTWARE_BYTES } else { BYTES };
        // A device that limits buffers to a small size has little memory.
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

    /// Copies between the two buffers `copies` times, back and forth, and waits until the device is done.
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
