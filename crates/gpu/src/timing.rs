//! The time of each dispatch of a program, between two timestamps of the device.

use wgslm_shaders::{Access, Variant};

use crate::program::Dispatch;
use crate::{Buffer, DispatchSize, Error, Gpu, Program, ReadbackRing, Result};

/// Dispatches timed in one submit: a query set holds 4096 timestamps, and a dispatch takes two.
const DISPATCHES: usize = 2048;

/// The time that one dispatch of a program takes.
#[derive(Clone, Debug, PartialEq)]
pub struct DispatchTime {
    /// The kernel and its variant.
    pub variant: Variant,
    /// The buffers that the dispatch reads.
    pub reads: Vec<BoundBuffer>,
    /// The buffers that the dispatch may write.
    pub writes: Vec<BoundBuffer>,
    /// The dispatch's workgroups.
    pub grid: [u32; 3],
    /// Nanoseconds when the program's dispatches run once each, in order, with caches as in any run. Includes the time to begin
    /// and end a pass, some microseconds on most devices.
    pub in_order_ns: f64,
    /// Nanoseconds when the dispatch is repeated in one pass: with no time to begin and end the pass, but with warm caches.
    pub repeated_ns: f64,
}

/// A buffer that a dispatch binds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoundBuffer {
    /// The buffer's label.
    pub label: String,
    /// Size of the bound buffer or part of a buffer, in bytes.
    pub bytes: u64,
}

/// The buffers that a dispatch binds, without its parameters.
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
    /// Times every dispatch of a run in two ways: within `repeats` runs of the program, and `repeats` times by itself. The
    /// dispatches work on the buffers' present contents and leave them meaningless.
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
            // Not timed: the device may have to prepare pipelines and memory on first use.
            clock.time(dispatches, run, 1).await?;
            let mut in_order = vec![0.0; dispatches.len()];
            for _ in 0..repeats {
                let once = clock.time(dispatches, run, 1).await?;
                in_order.iter_mut().zip(once).for_each(|(sum, ns)| *sum += ns / f64::from(repeats));
            }
            let repeated = clock.time(dispatches, run, repeats).await?;
            let both = in_order.into_iter().zip(repeated);
            // Dispatches with nothing to do in this run are left out.
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

/// A set of timestamp queries, and the buffers that read it back.
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

    /// Runs each dispatch `repeats` times in a pass of its own; returns the nanoseconds of each pass.
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
