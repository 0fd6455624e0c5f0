//! An open device: its buffers, writes, submits, readbacks and errors.

use std::sync::Arc;

use wgslm_shaders::Variant;

use crate::adapter::{AdapterDescription, choose, describe, enumerate, instance, is_software};
use crate::buffer::Backing;
use crate::dry_run::DryRun;
use crate::failure::Failure;
use crate::memory::Memory;
use crate::pipelines::{Pipeline, Pipelines};
use crate::{
    Buffer, Capabilities, DispatchSize, Error, GpuOptions, KernelTexts, Program, Readback, ReadbackRing, Region,
    Result, readback,
};

/// An open device. Clones share it.
#[derive(Clone)]
pub struct Gpu {
    shared: Arc<Shared>,
    dry_run: Option<Arc<DryRun>>,
}

struct Shared {
    device: wgpu::Device,
    queue: wgpu::Queue,
    adapter: AdapterDescription,
    capabilities: Capabilities,
    pipelines: Pipelines,
    memory: Arc<Memory>,
    failure: Arc<Failure>,
}

impl Gpu {
    /// All adapters that can be opened.
    pub async fn adapters() -> Vec<AdapterDescription> {
        let found = enumerate(&instance()).await;
        found.iter().enumerate().map(|(index, adapter)| describe(index, adapter)).collect()
    }

    /// Opens the device that `options` ask for.
    ///
    /// # Errors
    /// [`Error::NoAdapter`] where there is none, [`Error::UnknownDevice`] where the one asked for isn't among them,
    /// [`Error::DeviceRequest`] where it can't be opened.
    pub async fn request(options: &GpuOptions) -> Result<Self> {
        Self::request_with(options, KernelTexts::default()).await
    }

    /// Opens a device as [`Self::request`] does, but with other kernel texts, so that tests can run wrong kernels.
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
        let cooperative = !options.baseline && crate::matrix_units::ask_for(adapter, &mut features, &mut limits);
        if let Some(bytes) = options.max_binding {
            limits.max_storage_buffer_binding_size = limits.max_storage_buffer_binding_size.min(bytes);
        }
        let descriptor = wgpu::DeviceDescriptor {
            label: Some("wgslm"),
            required_features: features,
            required_limits: limits.clone(),
            experimental_features: crate::matrix_units::consent(cooperative),
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
        let capabilities = Capabilities {
            subgroups,
            cooperative,
            timestamps: features.contains(wgpu::Features::TIMESTAMP_QUERY),
            software: description.software,
            max_binding: limits.max_storage_buffer_binding_size.min(limits.max_buffer_size),
            max_buffer: limits.max_buffer_size,
        };
        tracing::info!(adapter = description.name, ?capabilities, "device opened");
        let memory = Arc::default();
        let failure = Failure::watch(&device, &memory);
        let pipelines = Pipelines::new(texts);
        let shared = Shared { device, queue, adapter: description, capabilities, pipelines, memory, failure };
        Ok(Self { shared: Arc::new(shared), dry_run: None })
    }

    /// The description of the device's adapter.
    #[must_use]
    pub fn adapter(&self) -> &AdapterDescription {
        &self.shared.adapter
    }

    /// The features and limits that the device uses.
    #[must_use]
    pub fn capabilities(&self) -> &Capabilities {
        &self.shared.capabilities
    }

    /// A zeroed storage buffer of `size` bytes, rounded up to whole words.
    ///
    /// # Errors
    /// [`Error::TooLarge`] above the largest binding.
    pub fn storage_buffer(&self, label: &str, size: u64) -> Result<Buffer> {
        let limit = self.shared.capabilities.max_binding;
        let size = size.next_multiple_of(4).max(16);
        if size > limit {
            let error = Error::TooLarge { what: label.to_owned(), bytes: size, limit };
            match &self.dry_run {
                Some(dry_run) => dry_run.note(error),
                None => return Err(error),
            }
        }
        Ok(self.buffer(
            label,
            size,
            wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::COPY_SRC,
        ))
    }

    /// Writes `bytes` to `buffer` from byte `offset` (a multiple of 4) on, before everything submitted later.
    pub fn write(&self, buffer: &Buffer, offset: u64, bytes: &[u8]) {
        if self.is_dry_run() {
            return;
        }
        self.shared.queue.write_buffer(buffer.raw(), buffer.offset() + offset, bytes);
    }

    /// Submits the writes made so far, so that they don't pile up in host memory.
    pub fn flush(&self) {
        self.shared.queue.submit([]);
        self.poll();
    }

    /// Calls back for what is done, and frees the memory of completed writes. In a browser, which does both itself, nothing happens.
    pub(crate) fn poll(&self) {
        let _ = self.shared.device.poll(wgpu::PollType::Poll);
    }

    /// Resolves once all writes and submits before this call are done.
    ///
    /// # Errors
    /// As [`Self::check`].
    pub fn finished(&self) -> impl Future<Output = Result<()>> + use<> {
        let submission = self.shared.queue.submit([]);
        readback::finished(self.clone(), submission)
    }

    /// Resolves once the pipelines of all programs built so far are compiled; a program run earlier waits for its own.
    ///
    /// # Errors
    /// As [`Self::check`].
    pub async fn compiled(&self) -> Result<()> {
        self.shared.pipelines.compiled().await;
        self.check()
    }

    /// Starts to compile the pipeline of `variant`, unless it was requested before.
    pub fn compile(&self, variant: impl Into<Variant>) {
        if !self.is_dry_run() {
            self.pipeline(&variant.into());
        }
    }

    /// Resolves once the pipelines requested before this call, and since the last such wait, are compiled, whatever is requested later.
    /// Natively that is at once, since a program waits for its own.
    pub fn compiled_so_far(&self) -> impl Future<Output = ()> + use<> {
        self.shared.pipelines.compiled_so_far()
    }

    /// The number of pipelines compiled on this device.
    #[must_use]
    pub fn compiled_pipelines(&self) -> usize {
        self.shared.pipelines.count()
    }

    /// Runs programs one after the other.
    pub fn run<'a, S: DispatchSize + 'a>(&self, programs: impl IntoIterator<Item = (&'a Program<S>, S::Run)>) {
        self.shared.queue.submit([self.record(programs).finish()]);
    }

    /// Runs programs with no workgroups, so that the first request doesn't wait for drivers that finish compiling a pipeline, and
    /// zero memory, only on first use. No use in a browser, which skips dispatches without workgroups.
    pub fn touch<'a, S: DispatchSize + 'a>(&self, programs: impl IntoIterator<Item = &'a Program<S>>) {
        let mut encoder = self.shared.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
        programs.into_iter().for_each(|program| program.touch(&mut pass));
        drop(pass);
        self.shared.queue.submit([encoder.finish()]);
    }

    /// Runs programs, then reads back the first `size` bytes (a multiple of 4) of `source`.
    pub fn run_and_read<'a, S: DispatchSize + 'a>(
        &self,
        programs: impl IntoIterator<Item = (&'a Program<S>, S::Run)>,
        source: &Buffer,
        size: u64,
        ring: &mut ReadbackRing,
    ) -> Readback {
        self.copy_back(self.record(programs), source, size, ring)
    }

    /// Reads back the first `size` bytes (a multiple of 4) of `source`, after all work submitted so far.
    pub fn read(&self, source: &Buffer, size: u64, ring: &mut ReadbackRing) -> Readback {
        let encoder = self.shared.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        self.copy_back(encoder, source, size, ring)
    }

    /// Reads back regions, one after the other in one piece, after all work submitted so far. All of them together must fit the
    /// ring's staging buffers.
    pub fn read_regions(&self, regions: &[Region], ring: &mut ReadbackRing) -> Readback {
        let mut encoder = self.shared.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        let staging = ring.take();
        let mut end = 0;
        for Region { buffer, offset, size } in regions {
            encoder.copy_buffer_to_buffer(buffer.raw(), buffer.offset() + offset, staging.raw(), end, *size);
            end += size;
        }
        let submission = self.shared.queue.submit([encoder.finish()]);
        Readback::begin(self, staging, end, submission)
    }

    fn copy_back(
        &self,
        mut encoder: wgpu::CommandEncoder,
        source: &Buffer,
        size: u64,
        ring: &mut ReadbackRing,
    ) -> Readback {
        let staging = ring.take();
        encoder.copy_buffer_to_buffer(source.raw(), source.offset(), staging.raw(), 0, size);
        let submission = self.shared.queue.submit([encoder.finish()]);
        Readback::begin(self, staging, size, submission)
    }

    pub(crate) fn memory(&self) -> &Arc<Memory> {
        self.dry_run.as_ref().map_or(&self.shared.memory, |dry_run| &dry_run.memory)
    }

    pub(crate) fn failure(&self) -> &Arc<Failure> {
        &self.shared.failure
    }

    pub(crate) fn in_dry_run(&self) -> Option<&DryRun> {
        self.dry_run.as_deref()
    }

    pub(crate) fn with_dry_run(&self, dry_run: DryRun) -> Self {
        Self { shared: Arc::clone(&self.shared), dry_run: Some(Arc::new(dry_run)) }
    }

    pub(crate) fn device(&self) -> &wgpu::Device {
        &self.shared.device
    }

    pub(crate) fn queue(&self) -> &wgpu::Queue {
        &self.shared.queue
    }

    fn record<'a, S: DispatchSize + 'a>(
        &self,
        programs: impl IntoIterator<Item = (&'a Program<S>, S::Run)>,
    ) -> wgpu::CommandEncoder {
        let mut encoder = self.shared.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
        for (program, run) in programs {
            program.record(&mut pass, run);
        }
        drop(pass);
        encoder
    }

    pub(crate) fn buffer(&self, label: &str, size: u64, usage: wgpu::BufferUsages) -> Buffer {
        self.buffer_of(&wgpu::BufferDescriptor { label: Some(label), size, usage, mapped_at_creation: false })
    }

    /// A staging buffer of `size` bytes (a multiple of 4), mapped for writing.
    pub(crate) fn mapped_buffer(&self, size: u64) -> Buffer {
        let usage = wgpu::BufferUsages::MAP_WRITE | wgpu::BufferUsages::COPY_SRC;
        self.buffer_of(&wgpu::BufferDescriptor { label: Some("staging"), size, usage, mapped_at_creation: true })
    }

    fn buffer_of(&self, descriptor: &wgpu::BufferDescriptor<'_>) -> Buffer {
        let (label, size) = (descriptor.label.unwrap_or_default(), descriptor.size);
        let backing = match &self.dry_run {
            Some(dry_run) => Backing::StandIn(dry_run.stand_in.clone()),
            None => Backing::Own(self.shared.device.create_buffer(descriptor)),
        };
        Buffer::new((backing, size), label, self.memory())
    }

    pub(crate) fn staging_buffer(&self, size: u64) -> Buffer {
        self.buffer("staging", size, wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST)
    }

    pub(crate) fn uniform_buffer(&self, label: &str, bytes: &[u8]) -> Buffer {
        let usage = wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST;
        let buffer = self.buffer(label, (bytes.len() as u64).max(16), usage);
        self.write(&buffer, 0, bytes);
        buffer
    }

    pub(crate) fn pipeline(&self, variant: &Variant) -> Pipeline {
        self.shared.pipelines.get(&self.shared.device, variant)
    }

    pub(crate) fn bind_group(
        &self,
        label: &str,
        layout: &wgpu::BindGroupLayout,
        entries: &[wgpu::BindGroupEntry<'_>],
    ) -> wgpu::BindGroup {
        self.shared.device.create_bind_group(&wgpu::BindGroupDescriptor { label: Some(label), layout, entries })
    }

    /// Waits until `submission` is done; does nothing in a browser, whose event loop waits instead.
    pub(crate) fn wait(&self, submission: wgpu::SubmissionIndex) -> Result<()> {
        let wait = wgpu::PollType::Wait { submission_index: Some(submission), timeout: None };
        self.shared.device.poll(wait).map(|_| ()).map_err(|error| Error::Gpu { reason: error.to_string() })
    }
}

/// The outcome of a request for a device.
struct Opened {
    device: std::result::Result<(wgpu::Device, wgpu::Queue), wgpu::RequestDeviceError>,
    /// The device has subgroup operations.
    subgroups: bool,
    /// The adapter's name, vendor and architecture where only the request reveals them, as in a browser; else empty.
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
    let request = crate::request_on_web::wrap_request_device(!baseline);
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
