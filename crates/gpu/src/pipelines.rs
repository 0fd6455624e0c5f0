//! Compute pipelines, one for each variant, compiled in the background when first requested, and kept.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use wgslm_shaders::{Access, Binding, Target, Variant};

use crate::compiler::Compiler;

/// The source of the kernels' texts.
#[derive(Clone, Copy)]
pub struct KernelTexts {
    /// The WGSL of a variant.
    pub text: fn(&Variant, Target) -> String,
}

impl Default for KernelTexts {
    fn default() -> Self {
        Self { text: Variant::wgsl }
    }
}

/// A pipeline, compiled or still compiling, and its bind group layout, which exists at once. Clones share both.
#[derive(Clone)]
pub(crate) struct Pipeline {
    shared: Arc<Shared>,
}

struct Shared {
    device: wgpu::Device,
    variant: Variant,
    texts: KernelTexts,
    layout: wgpu::BindGroupLayout,
    compiled: OnceLock<wgpu::ComputePipeline>,
    /// The number of compiled pipelines of the device.
    count: Arc<AtomicUsize>,
}

impl Pipeline {
    pub(crate) fn bindings(&self) -> &'static [Binding] {
        self.shared.variant.bindings()
    }

    pub(crate) fn layout(&self) -> &wgpu::BindGroupLayout {
        &self.shared.layout
    }

    /// The compiled pipeline: waits where another thread is compiling it, and compiles it here where none is.
    pub(crate) fn get(&self) -> &wgpu::ComputePipeline {
        self.shared.compiled.get_or_init(|| {
            self.shared.count.fetch_add(1, Ordering::Relaxed);
            self.create()
        })
    }

    /// Creates the pipeline on the device.
    pub(crate) fn create(&self) -> wgpu::ComputePipeline {
        let Shared { device, variant, texts, layout, .. } = &*self.shared;
        let name = variant.name();
        let target = if cfg!(target_arch = "wasm32") { Target::Browser } else { Target::Native };
        let descriptor = wgpu::ShaderModuleDescriptor {
            label: Some(&name),
            source: wgpu::ShaderSource::Wgsl((texts.text)(variant, target).into()),
        };
        // SAFETY: the text is one of this project's own kernels, whose loops end and whose indices the tests compare with a
        // reference on every adapter; no text from outside gets here.
        #[allow(unsafe_code)]
        let module = unsafe { device.create_shader_module_trusted(descriptor, wgpu::ShaderRuntimeChecks::unchecked()) };
        let pipeline_layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: Some(&name),
            bind_group_layouts: &[Some(layout)],
            ..Default::default()
        });
        device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: Some(&name),
            layout: Some(&pipeline_layout),
            module: &module,
            entry_point: Some("main"),
            compilation_options: wgpu::PipelineCompilationOptions {
                // No kernel reads workgroup memory that it hasn't written.
                zero_initialize_workgroup_memory: false,
                ..Default::default()
            },
            cache: None,
        })
    }

    #[cfg(target_arch = "wasm32")]
    pub(crate) fn device(&self) -> &wgpu::Device {
        &self.shared.device
    }
}

/// The pipelines of a device.
pub(crate) struct Pipelines {
    texts: KernelTexts,
    known: Mutex<HashMap<Variant, Pipeline>>,
    compiler: Compiler,
    count: Arc<AtomicUsize>,
}

impl Pipelines {
    pub(crate) fn new(texts: KernelTexts) -> Self {
        Self { texts, known: Mutex::default(), compiler: Compiler::default(), count: Arc::default() }
    }

    /// The pipeline of `variant`; the first request for it starts its compilation.
    pub(crate) fn get(&self, device: &wgpu::Device, variant: &Variant) -> Pipeline {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = known.entry(*variant).or_insert_with(|| {
            let pipeline = Pipeline {
                shared: Arc::new(Shared {
                    device: device.clone(),
                    variant: *variant,
                    texts: self.texts,
                    layout: bind_group_layout(device, variant),
                    compiled: OnceLock::new(),
                    count: Arc::clone(&self.count),
                }),
            };
            self.compiler.begin(&pipeline);
            pipeline
        });
        entry.clone()
    }

    /// Resolves once all pipelines requested so far are compiled.
    pub(crate) async fn compiled(&self) {
        self.compiler.finished().await;
        let all: Vec<_> = self.known.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect();
        for pipeline in all {
            pipeline.get();
        }
    }

    /// Resolves once the pipelines requested before this call and since the last such wait are compiled.
    pub(crate) fn compiled_so_far(&self) -> impl Future<Output = ()> + use<> {
        self.compiler.finished()
    }

    /// The number of pipelines compiled or being compiled.
    pub(crate) fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }
}

fn bind_group_layout(device: &wgpu::Device, variant: &Variant) -> wgpu::BindGroupLayout {
    let entries: Vec<_> = variant
        .bindings()
        .iter()
        .map(|binding| wgpu::BindGroupLayoutEntry {
            binding: binding.index,
            visibility: wgpu::ShaderStages::COMPUTE,
            ty: wgpu::BindingType::Buffer {
                ty: match binding.access {
                    Access::Uniform => wgpu::BufferBindingType::Uniform,
                    Access::Read => wgpu::BufferBindingType::Storage { read_only: true },
                    Access::ReadWrite => wgpu::BufferBindingType::Storage { read_only: false },
                },
                has_dynamic_offset: false,
                min_binding_size: None,
            },
            count: None,
        })
        .collect();
    let label = variant.name();
    device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label: Some(&label), entries: &entries })
}
