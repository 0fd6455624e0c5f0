//! Where a program's time goes: each dispatch between two timestamps of the device.

use wgslm_shaders::{Access, Variant};

use crate::program::Dispatch;
use crate::{Buffer, DispatchSize, Error, Gpu, Program, ReadbackRing, Result};

/// Dispatches timed in one submit: a set of queries has 4096, and a dispatch takes two.
const DISPATCHES: usize = 2048;

/// The time that one dispatch of a program takes.
#[derive(Clone, Debug, PartialEq)]
pub struct DispatchTime {
    /// The kernel and its variant.
    pub variant: Variant,
    /// The buffers it reads.
    pub reads: Vec<BoundBuffer>,
    /// The buffers it may write.
    pub writes: Vec<BoundBuffer>,
    /// Its workgroups.
    pub grid: [u32; 3],
    /// Nanoseconds where the dispatches run in order, once each: with the caches as they are in a program's run. The time that a
    /// pass takes to begin and to end is part of it, some microseconds on most devices.
    pub in_order_ns: f64,
    /// Nanoseconds where it follows itself, several times in a pass: without that time, but with warm caches.
    pub repeated_ns: f64,
}

/// A buffer that a dispatch binds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoundBuffer {
    /// Its label.
    pub label: String,
    /// Its size, or that of the part which is bound, in bytes.
    pub bytes: u64,
}

/// The buffers that a dispatch binds, but for its parameters.
#[derive(Clone)]
pub(crate) struct Bound {
    reads: Vec<BoundBuffer>,
    writes: Vec<BoundBuffer>,
}

impl Bound {
    pub(crate) fn new(variant: &Variant, resources: &[(&'static str, Buffer)]) -> Self {
        let bound = |access: Access| {
            let bindings = variant.bindings().iter().filter(move |binding| binding.access == access);
            let buffers = bindings.filter_map(|binding| resources.iter().find(|(name, _)| *name == binding.name));
            buffers.map(|(_, buffer)| BoundBuffer { label: buffer.label().to_owned(), bytes: buffer.size() }).collect()
        };
        Self { reads: bound(Access::Read), writes: bound(Access::ReadWrite) }
    }
}

impl<S: DispatchSize> Program<S> {
    /// Times every dispatch of such a run, on what its buffers hold, in two ways: `repeats` runs of the program, and `repeats`
    /// times each dispatch by itself. What the buffers hold afterwards is of no use.
    ///
    /// # Errors
    /// [`Error::NoTimestamps`], or as [`Gpu::check`].
    pub async fn profile(&self, gpu: &Gpu, run: S::Run, repeats: u32) -> Result<Vec<DispatchTime>> {
        if !gpu.capabilities().timestamps {
            return Err(Error::NoTimestamps { device: gpu.adapter().name.clone() });
        }
        let repeats = repeats.max(1);
        let mut clock = Clock::new(gpu, self.dispatches.len().min(DISPATCHES));
        let mut times = Vec::with_capacity(self.dispatches.len());
        for dispatches in self.dispatches.chunks(DISPATCHES) {
            // The first run may meet pipelines and memory that the device has yet to touch.
            clock.time(dispatches, run, 1).await?;
            let mut in_order = vec![0.0; dispatches.len()];
            for _ in 0..repeats {
                let once = clock.time(dispatches, run, 1).await?;
                in_order.iter_mut().zip(once).for_each(|(sum, ns)| *sum += ns / f64::from(repeats));
            }
            let repeated = clock.time(dispatches, run, repeats).await?;
            let both = in_order.into_iter().zip(repeated);
            // What has nothing to do in this run isn't told.
            times.extend(dispatches.iter().zip(both).filter_map(|(dispatch, (in_order_ns, repeated_ns))| {
                let (variant, grid) = dispatch.grid(run)?;
                Some(DispatchTime {
                    variant: *variant,
                    reads: dispatch.resources.reads.clone(),
                    writes: dispatch.resources.writes.clone(),
                    grid,
                    in_order_ns,
                    repeated_ns: repeated_ns / f64::from(repeats),
                })
            }));
        }
        Ok(times)
    }
}

/// A set of timestamps, and the buffers by which they come back.
struct Clock<'a> {
    gpu: &'a Gpu,
    queries: wgpu::QuerySet,
    resolved: Buffer,
    ring: ReadbackRing,
}

impl<'a> Clock<'a> {
    /// A clock for up to `dispatches` dispatches at a time.
    fn new(gpu: &'a Gpu, dispatches: usize) -> Self {
        let count = 2 * dispatches.max(1) as u32;
        let bytes = u64::from(count) * u64::from(wgpu::QUERY_SIZE);
        let queries = gpu.device().create_query_set(&wgpu::QuerySetDescriptor {
            label: Some("timestamps"),
            ty: wgpu::QueryType::Timestamp,
            count,
        });
        let usage = wgpu::BufferUsages::QUERY_RESOLVE | wgpu::BufferUsages::COPY_SRC;
        let resolved = gpu.buffer("timestamps", bytes, usage);
        Self { gpu, queries, resolved, ring: ReadbackRing::new(gpu, 1, bytes) }
    }

    /// Runs each dispatch `repeats` times in a pass of its own; gives the nanoseconds of each pass.
    async fn time<S: DispatchSize>(
        &mut self,
        dispatches: &[Dispatch<S>],
        run: S::Run,
        repeats: u32,
    ) -> Result<Vec<f64>> {
        let mut encoder = self.gpu.device().create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        for (index, dispatch) in (0u32..).zip(dispatches) {
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor {
                label: None,
                timestamp_writes: Some(wgpu::ComputePassTimestampWrites {
                    query_set: &self.queries,
                    beginning_of_pass_write_index: Some(2 * index),
                    end_of_pass_write_index: Some(2 * index + 1),
                }),
            });
            for _ in 0..repeats {
                dispatch.record(&mut pass, run);
            }
        }
        let count = 2 * dispatches.len() as u32;
        encoder.resolve_query_set(&self.queries, 0..count, self.resolved.raw(), 0);
        self.gpu.queue().submit([encoder.finish()]);
        let bytes = u64::from(count) * u64::from(wgpu::QUERY_SIZE);
        let ticks = self.gpu.read(&self.resolved, bytes, &mut self.ring).await?;
        let period = f64::from(self.gpu.queue().get_timestamp_period());
        let ticks: Vec<u64> = bytemuck::pod_collect_to_vec(&ticks);
        // Some devices' clocks step back between two passes.
        Ok(ticks.chunks_exact(2).map(|pass| pass[1].saturating_sub(pass[0]) as f64 * period).collect())
    }
}
