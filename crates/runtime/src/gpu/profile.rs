//! Where a program's time goes: each dispatch between two timestamps of the device.

use wgslm_shaders::{Access, Kernel, Variant};

use super::program::Dispatch;
use super::{Buffer, Counts, Gpu, Program, ReadbackRing};
use crate::{Error, Result};

/// Dispatches timed in one submit: a set of queries has 4096, and a dispatch takes two.
const DISPATCHES: usize = 2048;

/// How long one dispatch of a program takes.
#[derive(Clone, Debug, PartialEq)]
pub struct DispatchTime {
    /// The kernel and its variant.
    pub kernel: String,
    /// The tensors it reads or, without any, what it writes.
    pub label: String,
    /// Its workgroups.
    pub grid: [u32; 3],
    /// Bytes of weights it reads, where that is all of them.
    pub weight_bytes: Option<u64>,
    /// Nanoseconds where the dispatches run in order, once each: with the caches as they are in a step. The time that a pass
    /// takes to begin and to end is part of it, some microseconds on most devices.
    pub in_order_ns: f64,
    /// Nanoseconds where it follows itself, several times in a pass: without that time, but with warm caches.
    pub repeated_ns: f64,
}

/// What a dispatch is about, told from what it binds.
pub(super) struct Traffic {
    label: String,
    weight_bytes: Option<u64>,
}

impl Traffic {
    pub(super) fn new(variant: &Variant, resources: &[(&'static str, Buffer)]) -> Self {
        let bound = |access: Access| {
            let bindings = variant.bindings().iter().filter(move |binding| binding.access == access);
            bindings.filter_map(|binding| resources.iter().find(|(name, _)| *name == binding.name))
        };
        let weights: Vec<&Buffer> = bound(Access::Read).map(|(_, buffer)| buffer).filter(|b| is_weight(b)).collect();
        let written = bound(Access::ReadWrite).map(|(_, buffer)| buffer.label());
        let label = match weights.as_slice() {
            [] => distinct(written),
            weights => distinct(weights.iter().map(|buffer| buffer.label())),
        };
        // Of the embedding table only the tokens' rows are read.
        let whole = !weights.is_empty() && variant.kernel != Kernel::Embed;
        Self { label, weight_bytes: whole.then(|| weights.iter().map(|buffer| buffer.size()).sum()) }
    }
}

/// Tensors keep their names in GGUF, which end so.
fn is_weight(buffer: &Buffer) -> bool {
    buffer.label().ends_with(".weight") || buffer.label().ends_with(".bias")
}

fn distinct<'a>(labels: impl Iterator<Item = &'a str>) -> String {
    let mut all: Vec<&str> = Vec::new();
    for label in labels {
        if !all.contains(&label) {
            all.push(label);
        }
    }
    all.join(" + ")
}

impl Program {
    /// Times every dispatch with `counts`, on what its buffers hold, in two ways: `repeats` runs of the program, and `repeats`
    /// times each dispatch by itself. What the buffers hold afterwards is of no use.
    ///
    /// # Errors
    /// [`Error::NoTimestamps`], or as [`Gpu::check`].
    pub async fn profile(&self, gpu: &Gpu, counts: Counts, repeats: u32) -> Result<Vec<DispatchTime>> {
        if !gpu.capabilities().timestamps {
            return Err(Error::NoTimestamps { device: gpu.adapter().name.clone() });
        }
        let repeats = repeats.max(1);
        let mut clock = Clock::new(gpu, self.dispatches.len().min(DISPATCHES));
        let mut times = Vec::with_capacity(self.dispatches.len());
        for dispatches in self.dispatches.chunks(DISPATCHES) {
            // The first run may meet pipelines and memory that the device has yet to touch.
            clock.time(dispatches, counts, 1).await?;
            let mut in_order = vec![0.0; dispatches.len()];
            for _ in 0..repeats {
                let run = clock.time(dispatches, counts, 1).await?;
                in_order.iter_mut().zip(run).for_each(|(sum, ns)| *sum += ns / f64::from(repeats));
            }
            let repeated = clock.time(dispatches, counts, repeats).await?;
            let both = in_order.into_iter().zip(repeated);
            // What has nothing to do in this step isn't told.
            times.extend(dispatches.iter().zip(both).filter_map(|(dispatch, (in_order_ns, repeated_ns))| {
                let (variant, grid) = dispatch.grid(counts)?;
                Some(DispatchTime {
                    kernel: variant.name(),
                    label: dispatch.traffic.label.clone(),
                    grid,
                    weight_bytes: dispatch.traffic.weight_bytes,
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
    async fn time(&mut self, dispatches: &[Dispatch], counts: Counts, repeats: u32) -> Result<Vec<f64>> {
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
                dispatch.record(&mut pass, counts);
            }
        }
        let count = 2 * dispatches.len() as u32;
        encoder.resolve_query_set(&self.queries, 0..count, self.resolved.raw(), 0);
        self.gpu.queue().submit([encoder.finish()]);
        let bytes = u64::from(count) * u64::from(wgpu::QUERY_SIZE);
        let ticks = self.gpu.run_and_read([], &self.resolved, bytes, &mut self.ring).await?;
        let period = f64::from(self.gpu.queue().get_timestamp_period());
        let ticks: Vec<u64> = bytemuck::pod_collect_to_vec(&ticks);
        // Some devices' clocks step back between two passes.
        Ok(ticks.chunks_exact(2).map(|pass| pass[1].saturating_sub(pass[0]) as f64 * period).collect())
    }
}
