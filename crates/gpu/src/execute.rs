//! Runs one kernel by itself, for the self-check and the kernels' tests.

use wgslm_shaders::cpu::Resources;
use wgslm_shaders::{Access, Extent, Launch, Variant};

use crate::{AsGiven, Buffer, Gpu, Program, ProgramBuilder, Readback, ReadbackRing, Result};

/// Runs `variant` on copies of `resources`; returns the resources that the kernel may have written.
///
/// # Errors
/// As [`Gpu::storage_buffer`] and [`Gpu::check`].
pub async fn execute(
    gpu: &Gpu,
    launch: impl Launch + 'static,
    variant: Variant,
    extent: Extent,
    resources: &Resources,
) -> Result<Resources> {
    Execution::new(gpu, launch, variant, extent, resources)?.run(gpu).written().await
}

/// A kernel with its inputs on the device, ready to run.
pub struct Execution {
    program: Program<AsGiven>,
    extent: Extent,
    /// The resources that the kernel may write: name, buffer, and length in words.
    written: Vec<(&'static str, Buffer, usize)>,
}

impl Execution {
    /// Prepares to run `variant` on copies of `resources`; its pipeline compiles in the background.
    ///
    /// # Errors
    /// As [`Gpu::storage_buffer`].
    pub fn new(
        gpu: &Gpu,
        launch: impl Launch + 'static,
        variant: Variant,
        extent: Extent,
        resources: &Resources,
    ) -> Result<Self> {
        let mut buffers: Vec<(&'static str, Buffer, usize)> = Vec::new();
        for (name, words) in resources.iter() {
            let buffer = gpu.storage_buffer(name, words.len() as u64 * 4)?;
            gpu.write(&buffer, 0, bytemuck::cast_slice(words));
            buffers.push((name, buffer, words.len()));
        }
        let bound: Vec<_> = buffers.iter().map(|(name, buffer, _)| (*name, buffer)).collect();
        let mut builder = ProgramBuilder::default();
        builder.dispatch(launch, variant, AsGiven, &bound);
        let program = builder.build(gpu);
        buffers.retain(|(name, ..)| {
            variant.bindings().iter().any(|binding| binding.name == *name && binding.access == Access::ReadWrite)
        });
        Ok(Self { program, extent, written: buffers })
    }

    /// Submits the kernel and begins to read back the resources it writes.
    #[must_use]
    pub fn run(self, gpu: &Gpu) -> Running {
        gpu.run([(&self.program, self.extent)]);
        let read = |(name, buffer, words): (&'static str, Buffer, usize)| {
            let mut ring = ReadbackRing::new(gpu, 1, buffer.size());
            (name, gpu.read(&buffer, buffer.size(), &mut ring), words)
        };
        Running { written: self.written.into_iter().map(read).collect() }
    }
}

/// A submitted kernel, whose results are being read back.
pub struct Running {
    written: Vec<(&'static str, Readback, usize)>,
}

impl Running {
    /// The resources that the kernel may have written.
    ///
    /// # Errors
    /// As [`Gpu::check`].
    pub async fn written(self) -> Result<Resources> {
        let mut written = Resources::default();
        for (name, readback, words) in self.written {
            let bytes = readback.await?;
            written.set(name, bytemuck::cast_slice::<u8, u32>(&bytes[..4 * words]));
        }
        Ok(written)
    }
}
