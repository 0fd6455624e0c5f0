//! Opening a device, and everything that is asked of it.

use std::sync::{Arc, Mutex, PoisonError};

use wgslm_shaders::{MatvecShape, Tile, Variant};

use super::adapter::{AdapterDescription, choose, describe, enumerate, instance, is_software};
use super::memory::Memory;
use super::pipelines::{Pipeline, Pipelines};
use super::tuning::{MatrixKind, Tuning};
use super::{
    Buffer, Capabilities, Counts, GpuOptions, KernelTexts, Program, Readback, ReadbackRing, readback, self_check,
};
use crate::{Error, Result};

/// An open device. Clones share it.
#[derive(Clone)]
pub struct Gpu {
    inner: Arc<Inner>,
}

struct Inner {
    device: wgpu::Device,
    queue: wgpu::Queue,
    adapter: AdapterDescription,
    capabilities: Capabilities,
    pipelines: Pipelines,
    tuning: Tuning,
    memory: Arc<Memory>,
    failure: Arc<Mutex<Option<Failure>>>,
}

/// What the device reported outside of any call.
enum Failure {
    Lost(String),
    OutOfMemory,
    Other(String),
}

impl Gpu {
    /// The adapters there are.
    pub async fn adapters() -> Vec<AdapterDescription> {
        let found = enumerate(&instance()).await;
        found.iter().enumerate().map(|(index, adapter)| describe(index, adapter)).collect()
    }

    /// Opens a device and checks that it computes what it should.
    ///
    /// # Errors
    /// [`Error::NoAdapter`] where there is none, [`Error::UnknownDevice`] where the one asked for isn't among them,
    /// [`Error::DeviceRequest`] where it can't be opened, [`Error::SelfCheck`] where it computes wrong values.
    pub async fn request(options: &GpuOptions) -> Result<Self> {
        Self::request_with(options, KernelTexts::default()).await
    }

    /// As [`Self::request`], with other kernel texts: for testing what a wrong kernel leads to.
    ///
    /// # Errors
    /// As [`Self::request`].
    pub async fn request_with(options: &GpuOptions, texts: KernelTexts) -> Result<Self> {
        let instance = instance();
        let adapters = enumerate(&instance).await;
        let descriptions: Vec<_> = adapters.iter().enumerate().map(|(i, adapter)| describe(i, adapter)).collect();
        let index = choose(&descriptions, options.device.as_deref())?;
        let (adapter, mut description) = (&adapters[index], descriptions[index].clone());

        let mut limits = wgpu::Limits::default();
        let mut features = wgpu::Features::empty();
        if !options.baseline {
            let available = adapter.limits();
            limits.max_buffer_size = available.max_buffer_size;
            limits.max_storage_buffer_binding_size = available.max_storage_buffer_binding_size;
            features |= adapter.features() & (wgpu::Features::SUBGROUP | wgpu::Features::TIMESTAMP_QUERY);
        }
        let cooperative = !options.baseline && super::matrix_units::ask_for(adapter, &mut features, &mut limits);
        if let Some(bytes) = options.max_binding {
            limits.max_storage_buffer_binding_size = limits.max_storage_buffer_binding_size.min(bytes);
        }
        let descriptor = wgpu::DeviceDescriptor {
            label: Some("wgslm"),
            required_features: features,
            required_limits: limits.clone(),
            experimental_features: super::matrix_units::consent(cooperative),
            ..Default::default()
        };
        let opened = open(adapter, &descriptor, options.baseline).await;
        if !opened.name.is_empty() {
            description.software |= is_software(&opened.name);
            description.name = opened.name;
        }
        (description.vendor, description.architecture) = (opened.vendor, opened.architecture);
        let (device, queue) = opened
            .device
            .map_err(|error| Error::DeviceRequest { device: description.name.clone(), reason: error.to_string() })?;
        let subgroups = opened.subgroups;
        if subgroups && !description.features.contains(&"subgroups") {
            description.features.push("subgroups");
        }
        let interleaved_rows = options.interleaved_rows.unwrap_or(description.software);
        let capabilities = Capabilities {
            subgroups,
            cooperative: cooperative && !interleaved_rows,
            timestamps: features.contains(wgpu::Features::TIMESTAMP_QUERY),
            software: description.software,
            interleaved_rows,
            tile: options.tile.unwrap_or(Tile::DEFAULT),
            max_binding: limits.max_storage_buffer_binding_size.min(limits.max_buffer_size),
            max_buffer: limits.max_buffer_size,
        };
        tracing::info!(adapter = description.name, ?capabilities, "device opened");
        let failure = watch(&device);
        let pipelines = Pipelines::new(texts);
        let memory = Arc::default();
        let inner = Inner {
            device,
            queue,
            adapter: description,
            capabilities,
            pipelines,
            tuning: Tuning::default(),
            memory,
            failure,
        };
        let gpu = Self { inner: Arc::new(inner) };
        self_check::run(&gpu).await?;
        Ok(gpu)
    }

    /// What the device's adapter is.
    #[must_use]
    pub fn adapter(&self) -> &AdapterDescription {
        &self.inner.adapter
    }

    /// The shape of `matvec` chosen for a kind of matrix, if it was tuned.
    #[must_use]
    pub fn choice(&self, kind: &MatrixKind) -> Option<MatvecShape> {
        self.inner.tuning.get(kind)
    }

    /// Remembers which shape suits a kind of matrix.
    pub(crate) fn choose(&self, kind: MatrixKind, shape: MatvecShape) {
        self.inner.tuning.set(kind, shape);
    }

    pub(super) fn choices(&self) -> &Tuning {
        &self.inner.tuning
    }

    /// What the device can do and what was chosen for it.
    #[must_use]
    pub fn capabilities(&self) -> &Capabilities {
        &self.inner.capabilities
    }

    /// A storage buffer of `size` bytes, zeroed; its size is rounded up to whole words.
    ///
    /// # Errors
    /// [`Error::TooLarge`] above the largest binding.
    pub fn storage_buffer(&self, label: &str, size: u64) -> Result<Buffer> {
        let limit = self.inner.capabilities.max_binding;
        let size = size.next_multiple_of(4).max(16);
        if size > limit {
            return Err(Error::TooLarge { what: label.to_owned(), bytes: size, limit });
        }
        Ok(self.buffer(
            label,
            size,
            wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::COPY_SRC,
        ))
    }

    /// Writes `words` at `offset` bytes (a multiple of 4), before everything submitted later.
    pub fn write(&self, buffer: &Buffer, offset: u64, bytes: &[u8]) {
        self.inner.queue.write_buffer(buffer.raw(), buffer.offset() + offset, bytes);
    }

    /// Hands what was written to the device, so that it doesn't pile up on this side.
    pub fn flush(&self) {
        self.inner.queue.submit([]);
        // Natively this gives back the memory of writes that are done; in a browser it does nothing.
        let _ = self.inner.device.poll(wgpu::PollType::Poll);
    }

    /// Resolves once all that was written and submitted before this call is done.
    ///
    /// # Errors
    /// As [`Self::check`].
    pub fn finished(&self) -> impl Future<Output = Result<()>> + use<> {
        let submission = self.inner.queue.submit([]);
        readback::finished(self.clone(), submission)
    }

    /// Resolves once the pipelines of all programs built so far are compiled; those that run before wait for theirs.
    ///
    /// # Errors
    /// As [`Self::check`].
    pub async fn compiled(&self) -> Result<()> {
        self.inner.pipelines.compiled().await;
        self.check()
    }

    /// How many pipelines have been compiled on this device.
    #[must_use]
    pub fn compiled_pipelines(&self) -> usize {
        self.inner.pipelines.count()
    }

    /// Runs programs one after the other.
    pub fn run<'a>(&self, programs: impl IntoIterator<Item = (&'a Program, Counts)>) {
        self.inner.queue.submit([self.record(programs).finish()]);
    }

    /// Runs programs without any workgroups. Some drivers finish compiling a pipeline, and memory is zeroed, only when something
    /// is run: the first request then doesn't wait for it. Of no use in a browser, which leaves out what has no workgroups.
    pub fn touch<'a>(&self, programs: impl IntoIterator<Item = &'a Program>) {
        let mut encoder = self.inner.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
        programs.into_iter().for_each(|program| program.touch(&mut pass));
        drop(pass);
        self.inner.queue.submit([encoder.finish()]);
    }

    /// Runs programs, then brings back the first `size` bytes (a multiple of 4) of `source`.
    pub fn run_and_read<'a>(
        &self,
        programs: impl IntoIterator<Item = (&'a Program, Counts)>,
        source: &Buffer,
        size: u64,
        ring: &mut ReadbackRing,
    ) -> Readback {
        let mut encoder = self.record(programs);
        let staging = ring.take();
        encoder.copy_buffer_to_buffer(source.raw(), source.offset(), staging.raw(), 0, size);
        let submission = self.inner.queue.submit([encoder.finish()]);
        Readback::begin(self, staging, size, submission)
    }

    /// The error that the device has reported meanwhile, if any.
    ///
    /// # Errors
    /// [`Error::DeviceLost`], [`Error::OutOfMemory`] or [`Error::Gpu`].
    pub fn check(&self) -> Result<()> {
        match &*self.inner.failure.lock().unwrap_or_else(PoisonError::into_inner) {
            None => Ok(()),
            Some(Failure::Lost(reason)) => Err(Error::DeviceLost { reason: reason.clone() }),
            Some(Failure::OutOfMemory) => Err(Error::OutOfMemory),
            Some(Failure::Other(reason)) => Err(Error::Gpu { reason: reason.clone() }),
        }
    }

    pub(super) fn memory(&self) -> &Memory {
        &self.inner.memory
    }

    pub(super) fn device(&self) -> &wgpu::Device {
        &self.inner.device
    }

    pub(super) fn queue(&self) -> &wgpu::Queue {
        &self.inner.queue
    }

    fn record<'a>(&self, programs: impl IntoIterator<Item = (&'a Program, Counts)>) -> wgpu::CommandEncoder {
        let mut encoder = self.inner.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
        for (program, counts) in programs {
            program.record(&mut pass, counts);
        }
        drop(pass);
        encoder
    }

    pub(super) fn buffer(&self, label: &str, size: u64, usage: wgpu::BufferUsages) -> Buffer {
        let descriptor = wgpu::BufferDescriptor { label: Some(label), size, usage, mapped_at_creation: false };
        Buffer::new(self.inner.device.create_buffer(&descriptor), label, &self.inner.memory)
    }

    pub(super) fn staging_buffer(&self, size: u64) -> Buffer {
        self.buffer("staging", size, wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST)
    }

    pub(super) fn uniform_buffer(&self, label: &str, bytes: &[u8]) -> Buffer {
        let usage = wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST;
        let buffer = self.buffer(label, (bytes.len() as u64).max(16), usage);
        self.write(&buffer, 0, bytes);
        buffer
    }

    pub(super) fn pipeline(&self, variant: &Variant) -> Pipeline {
        self.inner.pipelines.get(&self.inner.device, variant)
    }

    pub(super) fn bind_group(
        &self,
        label: &str,
        layout: &wgpu::BindGroupLayout,
        entries: &[wgpu::BindGroupEntry<'_>],
    ) -> wgpu::BindGroup {
        self.inner.device.create_bind_group(&wgpu::BindGroupDescriptor { label: Some(label), layout, entries })
    }

    /// Natively waits until `submission` is done; in a browser, where waiting is the event loop's, does nothing.
    pub(super) fn wait(&self, submission: wgpu::SubmissionIndex) -> Result<()> {
        let wait = wgpu::PollType::Wait { submission_index: Some(submission), timeout: None };
        self.inner.device.poll(wait).map(|_| ()).map_err(|error| Error::Gpu { reason: error.to_string() })
    }
}

/// What came of a request for a device.
struct Opened {
    device: std::result::Result<(wgpu::Device, wgpu::Queue), wgpu::RequestDeviceError>,
    /// Whether it has subgroups.
    subgroups: bool,
    /// The adapter's name, vendor and architecture, where they became known with the request.
    name: String,
    vendor: String,
    architecture: String,
}

#[cfg(not(target_arch = "wasm32"))]
async fn open(adapter: &wgpu::Adapter, descriptor: &wgpu::DeviceDescriptor<'_>, _baseline: bool) -> Opened {
    let subgroups = descriptor.required_features.contains(wgpu::Features::SUBGROUP);
    let device = adapter.request_device(descriptor).await;
    Opened { device, subgroups, name: String::new(), vendor: String::new(), architecture: String::new() }
}

#[cfg(target_arch = "wasm32")]
async fn open(adapter: &wgpu::Adapter, descriptor: &wgpu::DeviceDescriptor<'_>, baseline: bool) -> Opened {
    let request = super::request_on_web::wrap_request_device(!baseline);
    let device = adapter.request_device(descriptor).await;
    request.restore();
    Opened {
        device,
        subgroups: request.subgroups(),
        name: request.name(),
        vendor: request.vendor(),
        architecture: request.architecture(),
    }
}

/// Keeps what the device reports outside of any call; the first report counts.
fn watch(device: &wgpu::Device) -> Arc<Mutex<Option<Failure>>> {
    let failure = Arc::<Mutex<Option<Failure>>>::default();
    let keep = |failure: &Arc<Mutex<Option<Failure>>>| {
        let failure = Arc::clone(failure);
        move |report: Failure| {
            failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(report);
        }
    };
    let reported = keep(&failure);
    device.on_uncaptured_error(Arc::new(move |error| {
        tracing::error!(%error, "the device reported an error");
        reported(match error {
            wgpu::Error::OutOfMemory { .. } => Failure::OutOfMemory,
            other => Failure::Other(other.to_string()),
        });
    }));
    let lost = keep(&failure);
    // A device that was given back is lost too, but nobody asks for its failure any more.
    device.set_device_lost_callback(move |_, message| lost(Failure::Lost(message)));
    failure
}
