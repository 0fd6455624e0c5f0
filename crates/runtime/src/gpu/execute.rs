//! Runs one kernel by itself: for the self-check and the kernels' tests.

use wgslm_shaders::cpu::Resources;
use wgslm_shaders::{Access, Extent, Launch, Variant};

use super::{Buffer, Count, Counts, Gpu, ProgramBuilder, ReadbackRing};
use crate::Result;

/// Runs `variant` on copies of `resources`; gives back the resources that it may have written.
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
    let mut buffers: Vec<(&'static str, Buffer)> = Vec::new();
    for (name, words) in resources.iter() {
        let buffer = gpu.storage_buffer(name, words.len() as u64 * 4)?;
        gpu.write(&buffer, 0, bytemuck::cast_slice(words));
        buffers.push((name, buffer));
    }
    let bound: Vec<_> = buffers.iter().map(|(name, buffer)| (*name, buffer)).collect();
    let mut builder = ProgramBuilder::default();
    builder.dispatch(launch, variant, Count::Rows, &bound);
    let program = builder.build(gpu);
    let Extent { count, context } = extent;
    gpu.run([(&program, Counts { rows: count, outputs: count, context })]);
    let mut written = Resources::default();
    for binding in variant.bindings().iter().filter(|binding| binding.access == Access::ReadWrite) {
        let Some((name, buffer)) = buffers.iter().find(|(name, _)| *name == binding.name) else { continue };
        let mut ring = ReadbackRing::new(gpu, 1, buffer.size());
        let bytes = gpu.run_and_read([], buffer, buffer.size(), &mut ring).await?;
        let length = resources.get::<u32>(name).len() * 4;
        written.set(name, bytemuck::cast_slice::<u8, u32>(&bytes[..length]));
    }
    Ok(written)
}
