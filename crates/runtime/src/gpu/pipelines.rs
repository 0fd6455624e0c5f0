//! Compute pipelines, one a variant, made when first asked for and kept.

use std::collections::HashMap;
use std::sync::Mutex;

use wgslm_shaders::{Access, Binding, Target, Variant};

use super::self_check::KernelTexts;

/// A pipeline and the layout of its bindings.
#[derive(Clone)]
pub(super) struct Pipeline {
    pub(super) pipeline: wgpu::ComputePipeline,
    pub(super) layout: wgpu::BindGroupLayout,
    pub(super) bindings: &'static [Binding],
}

/// The pipelines of a device.
pub(super) struct Pipelines {
    texts: KernelTexts,
    made: Mutex<HashMap<Variant, Pipeline>>,
}

impl Pipelines {
    pub(super) fn new(texts: KernelTexts) -> Self {
        Self { texts, made: Mutex::default() }
    }

    pub(super) fn get(&self, device: &wgpu::Device, variant: &Variant) -> Pipeline {
        let mut made = self.made.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        made.entry(*variant).or_insert_with(|| self.make(device, variant)).clone()
    }

    fn make(&self, device: &wgpu::Device, variant: &Variant) -> Pipeline {
        let name = variant.name();
        let target = if cfg!(target_arch = "wasm32") { Target::Browser } else { Target::Native };
        let descriptor = wgpu::ShaderModuleDescriptor {
            label: Some(&name),
            source: wgpu::ShaderSource::Wgsl((self.texts.text)(variant, target).into()),
        };
        // SAFETY: the text is one of this project's own kernels, whose loops end and whose indices the tests compare with a
        // reference on every adapter; no text from outside gets here.
        #[allow(unsafe_code)]
        let module = unsafe { device.create_shader_module_trusted(descriptor, wgpu::ShaderRuntimeChecks::unchecked()) };
        let bindings = variant.bindings();
        let entries: Vec<_> = bindings
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
        let layout =
            device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label: Some(&name), entries: &entries });
        let pipeline_layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: Some(&name),
            bind_group_layouts: &[Some(&layout)],
            ..Default::default()
        });
        let pipeline = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
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
        });
        Pipeline { pipeline, layout, bindings }
    }
}
